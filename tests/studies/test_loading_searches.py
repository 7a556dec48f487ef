"""Search files: what they can hold, and the line and column in the error for each kind of mistake."""

import re
from pathlib import Path

import pytest

from ablate.errors import AblateError, StudyError
from ablate.studies.loading import load, load_search, load_study
from ablate.studies.search import Search
from ablate.studies.space import Range

TEXT = """\
question: Which?
base: {training.epochs: 2}
space:
  training.rate: {low: 1e-4, high: 1e-2, log: true}
  model.heads: {low: 1, high: 8}
  model.skip: [both, none]
trials: 3
"""


def write(folder: Path, given: str = "", instead: str = "") -> Path:
    path = folder / "search.yaml"
    assert given in TEXT
    path.write_text(TEXT.replace(given, instead, 1) if given else TEXT)
    return path


def test_a_search_is_read_with_its_ranges_and_its_lists(tmp_path: Path) -> None:
    search = load_search(write(tmp_path))
    assert search.space["training.rate"] == Range(low=1e-4, high=1e-2, log=True)
    assert search.space["model.skip"] == ["both", "none"]
    assert (search.sampler, search.pruner, search.parallel, search.seed) == ("tpe", "none", 4, 0)
    assert load(write(tmp_path)) == search


@pytest.mark.parametrize(
    ("given", "instead", "place", "message"),
    [
        ("trials: 3", "trails: 3", "7:1", "unknown key 'trails'; did you mean 'trials'?"),
        ("trials: 3", "", "1:1", "the key 'trials' is missing; allowed in a search: question"),
        ("trials: 3", "trials: 0", "7:9", "trials: must be greater than or equal to 1 (given: 0)"),
        ("high: 8", "hihg: 8", "5:25", "unknown key 'hihg'; did you mean 'high'? allowed: low, high, log"),
        ("low: 1,", "", "5:16", "the key 'low' is missing; allowed in a range: low, high, log"),
        ("low: 1,", "low: 0,", "5:22", "model.heads: must be greater than or equal to 1 (given: 0)"),
        ("high: 8", "high: 7", "5:31", "7 heads do not divide a width of 32; allowed: 1, 2, 4"),
        ("high: 8", "high: 8.5", "5:31", "model.heads takes only whole numbers (given: 8.5)"),
        ("high: 1e-2", "high: 1e-5", "4:18", "the low end of a range must be below its high end"),
        ("low: 1e-4", "low: 0", "4:18", "a logarithmic range must start above zero, not at 0"),
        ("[both, none]", "[both]", "6:15", "2 items"),
        ("[both, none]", "[both, nome]", "6:22", "must be 'both', 'attention', 'mlp' or 'none' (given: 'nome')"),
        ("[both, none]", "[both, none, both]", "6:28", "the value 'both' is given twice on the axis model.skip"),
        ("[both, none]", "{low: 1, high: 2}", "6:15", "model.skip is not a number, so it cannot have a range"),
        ("model.skip", "model.skips", "6:3", "unknown setting 'model.skips'; did you mean 'model.skip'?"),
        ("training.epochs", "training.epoch", "2:8", "unknown setting 'training.epoch'"),
        ("training.epochs: 2", "training.epochs: 0", "2:25", "training.epochs: must be greater than or equal to 1"),
        ("training.epochs", "training.rate", "2:8", "training.rate is set in both `base` and `space`; keep one"),
        ("[both, none]", "[both, none]\n  model.mlp_ratio: [1, 1.0]", "7:24", "the value 1.0 is given twice"),
        ("base: {", "base: {data.cells.density: 1e-6, data.test: 2, ", "2:45", "all 2 test scenes are blank"),
        ("base: {", "base: {data.cells.density: 1e-6, data.validation: 1, ", "2:51", "the only validation scene"),
        ("base: {", "base: {data.cells.density: 0, ", "2:28", "the scenes have no cells, so predicting zero is"),
        ("model.heads", "data.validation", "5:3", "data.validation changes what validation scores mean"),
        ("model.heads", "data.cells.density", "5:3", "changes what validation scores mean"),
        ("trials: 3", "trials: 3\nmetric: test/psnr", "8:9", "metric: 'test/psnr' is not a metric that can decide"),
        ("trials: 3", "trials: 3\nsampler: tqe", "8:10", "sampler: must be 'tpe' or 'random'"),
        ("trials: 3", "trials: 3\nname: mine", "8:1", "the name of a search is that of its file"),
        ("trials: 3", "trials: 3\ntimeout: 3", "8:10", "timeout: must be a time with its unit"),
    ],
)
def test_each_mistake_is_one_line_at_its_place(
    given: str, instead: str, place: str, message: str, tmp_path: Path
) -> None:
    path = write(tmp_path, given, instead)
    with pytest.raises(AblateError, match=re.escape(f"{path}:{place}: ")) as error:
        load_search(path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_space_with_too_many_corners_to_try_is_allowed(tmp_path: Path) -> None:
    """All of the first thousand combinations have a width of 30, which four heads do not divide."""
    many = ("training.ema", "training.weight_decay", "training.warmup")
    axes = "".join(f"\n  {name}: {[step / 20 for step in range(10)]}" for name in many)
    path = write(tmp_path, "{low: 1, high: 8}", f"[2, 4]\n  model.width: [30, 32]{axes}")
    assert load_search(path).space["model.width"] == [30, 32]


def test_a_value_that_some_combination_allows_is_allowed(tmp_path: Path) -> None:
    """Three heads divide a width of 48 but not one of 32; the search records the trials that are not allowed."""
    path = write(tmp_path, "{low: 1, high: 8}", "[3, 4]\n  model.width: [32, 48]")
    assert load_search(path).space["model.heads"] == [3, 4]


def test_an_error_names_the_command_that_takes_the_file(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"search.yaml:3:1: this is a search.*run `ablate search` on it"):
        load_study(write(tmp_path))
    study = Path(__file__).parents[2] / "experiments" / "heads.yaml"
    with pytest.raises(StudyError, match=r"heads.yaml:\d+:1: this is a study.*run `ablate sweep` on it"):
        load_search(study)
    assert not isinstance(load(study), Search)
