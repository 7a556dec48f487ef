"""The program behind the table of noise: each way scores as a run with that setting is scored."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ablate.studies.loading import load_search
from ablate.training.loop import train
from benchmarks import noise, noise_runs
from benchmarks.noise_runs import CONSTANT, RATE, SEARCHED
from tests.helpers.committed import ROOT
from tests.helpers.tiny import TINY

SHORT = {**TINY, "training.scenes": 256, "training.epochs": 2}
SETTINGS: dict[str, dict[str, Any]] = {
    "running": {},
    "precise": {"training.statistics": "precise"},
    "precise, averaged": {"training.statistics": "precise", "training.ema": noise_runs.DECAY},
}


@pytest.fixture(scope="module")
def scored() -> dict[str, Any]:
    found: dict[str, Any] = noise_runs.score(CONSTANT.run("reference", 0, **SHORT), [*SETTINGS])["ways"]
    return found


@pytest.mark.parametrize("way", SETTINGS)
def test_each_way_gives_the_scores_of_a_run_with_its_settings(way: str, scored: dict[str, Any]) -> None:
    end: Any
    *_, end = train(CONSTANT.run("reference", 0, **SHORT, **SETTINGS[way]))
    assert scored[way]["validation"] == pytest.approx([row["val/psnr"] for row in end.rows])
    found = (scored[way]["test"], scored[way]["last"])
    assert found == pytest.approx((end.results["test/psnr"], end.results["last/psnr"]))


def test_a_line_compares_the_seeds_that_an_arm_and_the_reference_share() -> None:
    scores = {"reference": [30.0, 29.0, 31.0], "heads=8": [30.5, 29.1]}
    runs = pd.DataFrame(
        {"way": "running", "arm": arm, "seed": seed, "test": score, "validation": [score] * 24, "hours": 0.5}
        for arm, values in scores.items()
        for seed, score in enumerate(values)
    )
    (reference, line) = noise.lines(runs)
    assert (reference.pairs, line.pairs) == (3, 2)
    assert reference.compared is None
    assert line.compared
    assert line.compared.difference == pytest.approx(0.3)
    assert line.compared.sd == pytest.approx(0.4 / 2**0.5)
    assert line.compared.per_hour == pytest.approx(1 / (2 * line.compared.seeds * 0.5))


def test_a_training_is_in_the_table_once_all_its_runs_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = replace(SEARCHED[0], folder=tmp_path)
    monkeypatch.setattr(noise_runs, "TRAININGS", [training])
    scores = {way: {"validation": [29.0], "last": 30.0, "test": 30.0} for way in training.ways}
    paths = [training.path(arm, seed) for arm in noise_runs.ARMS for seed in noise_runs.SEEDS]
    for path in paths:
        assert noise_runs.read_runs().empty
        path.write_text(json.dumps({"train_seconds": 60.0, "ways": scores}))
    assert len(noise_runs.read_runs()) == len(paths)


def test_the_table_has_the_lines_that_the_program_writes() -> None:
    page = (noise_runs.FOLDER.parent / "noise.md").read_text()
    assert noise.markdown(noise_runs.read_runs()).strip() in page


def test_the_noise_in_the_documentation_is_that_of_the_table() -> None:
    found = {line.way: line for line in noise.lines(noise_runs.read_runs()) if line.arm == noise_runs.REFERENCE}
    now, quiet = found["running"], found["precise, averaged, small head"]
    readme, studies = (" ".join((ROOT / path).read_text().split()) for path in ("README.md", "docs/studies.md"))
    assert f"the standard deviation between seeds is {now.sd:.1f} dB instead of {quiet.sd:.1f}" in readme
    assert f"standard deviation over seeds from {now.sd:.1f} to {quiet.sd:.1f} dB" in studies


@pytest.mark.parametrize("training", SEARCHED, ids=lambda training: training.folder.name)
def test_a_rate_is_searched_for_with_the_settings_of_the_training_and_on_another_seed(
    training: noise_runs.Training,
) -> None:
    search = load_search(training.search_file)
    assert search.base == {**training.changes, "training.statistics": "precise"}
    assert search.seed not in noise_runs.SEEDS
    assert search.trials == load_search(SEARCHED[0].search_file).trials  # equal budgets


def test_all_arms_are_trained_at_the_rate_of_the_best_trial(tmp_path: Path) -> None:
    training = replace(SEARCHED[0], folder=tmp_path)
    training.search_file.touch()
    rows = "0,complete,27.5,0.001\n1,complete,28.5,0.004\n2,failed,,0.03\n"
    (tmp_path / "search.csv").write_text(f"trial,state,value,{RATE}\n{rows}")
    assert {training.run(arm, 0).training.rate for arm in noise_runs.ARMS} == {0.004}


@pytest.mark.slow
def test_a_search_is_kept_and_not_repeated(tmp_path: Path) -> None:
    training = replace(SEARCHED[0], folder=tmp_path)
    base = "".join(f"  {name}: {value}\n" for name, value in TINY.items() if name != RATE)
    training.search_file.write_text(f"question: Which?\nbase:\n{base}space: {{{RATE}: [0.01, 0.02]}}\ntrials: 2\n")
    noise_runs.search_rate(training)
    kept = (tmp_path / "search.csv").read_bytes()
    assert noise_runs.best_rate(tmp_path) in (0.01, 0.02)
    assert {path.name for path in tmp_path.iterdir()} == {"search.yaml", "search.csv", ".ablate"}
    (tmp_path / ".ablate").rename(tmp_path / "gone")
    noise_runs.search_rate(training)
    assert (tmp_path / "search.csv").read_bytes() == kept
    assert not (tmp_path / ".ablate").exists()
