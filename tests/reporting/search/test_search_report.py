"""The report of a search of made-up trials."""

import json
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from optuna.trial import FrozenTrial

from ablate.errors import AblateError
from ablate.records.record import Record
from ablate.reporting.index import write_index
from ablate.reporting.search.answer import answer
from ablate.reporting.search.content import document
from ablate.reporting.search.data import export, read
from ablate.reporting.search.figures import axis_panels, scored_trials, value_limits
from ablate.reporting.search.model import SearchPage, build
from ablate.reporting.search.page import write_search_report
from ablate.strategies import DIVERGED, Outcome
from ablate.strategies.search import Searching
from ablate.strategies.trial_tables import best_so_far
from ablate.strategies.trials import overrides
from ablate.studies.search import Search
from tests.helpers.searches import made_up_search, run_to_its_end

SEARCH = made_up_search(trials=40, name="made-up")
FILES = ("README.md", "report.html", "metrics.json", "best.yaml", "figures/history.svg", "figures/axes.svg")


def finished_trials(search: Search = SEARCH) -> list[FrozenTrial]:
    return run_to_its_end(Searching(search))


def write(folder: Path, search: Search = SEARCH, trials: list[FrozenTrial] | None = None) -> Path:
    """The data of a search whose runs were never trained."""
    export(search, finished_trials(search) if trials is None else trials, Record(folder / ".ablate"), folder / "report")
    return folder / "report"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SearchPage]:
    folder = write(tmp_path_factory.mktemp("search") / "reports")
    return folder, write_search_report(SEARCH, folder)


def test_the_data_are_the_trials(report: tuple[Path, SearchPage]) -> None:
    table = read(SEARCH, report[0])
    assert table.trial.tolist() == list(range(40))
    for row, trial in zip(table.to_dict("records"), finished_trials(), strict=True):
        assert {name: row[name] for name in SEARCH.space} == overrides(SEARCH.space, trial.params)
        assert row["state"] == {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}[trial.state.name]


def test_the_best_is_the_best_of_the_complete_trials(report: tuple[Path, SearchPage]) -> None:
    page = report[1]
    assert page.best is not None
    assert page.best.value == max(trial.value for trial in page.trials if trial.state == "complete")
    course = best_so_far(page.trials, page.metric)
    assert course[-1] == page.best.value
    assert all(before <= after for before, after in pairwise(course) if before == before)


def test_the_best_of_errors_is_the_smallest() -> None:
    search = made_up_search(metric="val/mse")
    shared = {"state": "complete", "epochs": 4, "run": "", "why": ""}
    shared |= {"training.rate": 0.01, "model.heads": 1, "model.skip": "both"}
    table = pd.DataFrame([{"trial": number, "value": value} | shared for number, value in enumerate((0.3, 0.1))])
    page = build(search, table)
    assert page.best is not None
    assert page.best.number == 1
    assert best_so_far(page.trials, page.metric) == [0.3, 0.1]


def test_the_answer_counts_trials_that_repeat_an_earlier_one(tmp_path: Path) -> None:
    few = {"model.skip": ["both", "none"], "training.ema": [0, 0.5]}
    search = made_up_search(space=few, sampler="random", pruner="none", trials=12)
    trials = finished_trials(search)
    different = len({tuple(trial.params.items()) for trial in trials})
    page = write_search_report(search, write(tmp_path, search, trials))
    assert different < 12
    assert answer(page).startswith(f"Best of 12 trials ({different} different): ")


def diverge(number: int, value: float = 99.0) -> dict[str, object]:
    """A row of a trial whose run diverged; predicting zero has this value."""
    settings = {"training.rate": 0.01, "model.heads": 1, "model.skip": "both"}
    return {"trial": number, "state": "complete", "value": value, "epochs": 0, "run": "", "why": DIVERGED, **settings}


def test_a_trial_whose_run_diverged_is_counted_but_never_the_best() -> None:
    fine = diverge(2, value=20.0) | {"why": ""}
    page = build(SEARCH, pd.DataFrame([diverge(0), diverge(1), fine]))
    assert page.best is not None
    assert page.best.number == 2
    assert answer(page).startswith("Best of 3 trials (1 different, 2 diverged): ")
    assert "2 of 3 trials diverged; they count as a constant prediction." in document(page).warnings


def test_a_search_whose_trials_all_diverged_has_no_best_settings(tmp_path: Path) -> None:
    search = made_up_search(trials=2, name="wild", space={"model.skip": ["both", "none"]})
    strategy = Searching(search)
    outcomes: dict[str, Outcome] = {}
    while runs := [run for run in strategy.propose(outcomes) if run.id not in outcomes]:
        outcomes |= {run.id: Outcome("diverged", [], {"zero/psnr": 17.3}) for run in runs}
    folder = write(tmp_path, search, strategy.finished)
    (folder / "best.yaml").write_text("of an earlier report")
    page = write_search_report(search, folder)
    assert page.best is None
    assert answer(page) == "None of 2 trials (2 diverged) gives usable settings."
    assert not (folder / "best.yaml").exists()


def test_importance_is_a_share_and_smallest_for_an_axis_without_any_effect(tmp_path: Path) -> None:
    space = {"training.rate": {"low": 1e-4, "high": 1e-1, "log": True}, "model.mlp_ratio": {"low": 1, "high": 8}}
    search = made_up_search(trials=60, space=space, sampler="random", pruner="none")
    found = write_search_report(search, write(tmp_path, search)).importance
    assert list(found) == ["training.rate", "model.mlp_ratio"]
    assert sum(found.values()) == pytest.approx(1)


def test_few_trials_have_no_importance(tmp_path: Path) -> None:
    search = made_up_search(trials=5)
    page = write_search_report(search, write(tmp_path, search))
    assert page.importance == {}
    assert "needs at least 8 complete trials" in (tmp_path / "report" / "README.md").read_text()
    assert not (tmp_path / "report" / "figures" / "importance.svg").exists()


def test_the_page_says_what_a_reader_must_know(report: tuple[Path, SearchPage]) -> None:
    text = (report[0] / "README.md").read_text()
    assert "flatters" in text
    assert "not an effect" in text
    assert "importance in the search" in text
    assert "optuna-dashboard .ablate/search/made-up.log" in text
    assert "3 heads do not divide" in text
    assert "effect of" not in text


def test_every_file_exists_every_link_leads_somewhere_and_figures_are_svg(report: tuple[Path, SearchPage]) -> None:
    folder = report[0]
    assert all((folder / name).exists() for name in FILES)
    links = re.findall(r"(?<!\\)\]\(([^)]+)\)", (folder / "README.md").read_text())
    assert all((folder / link).exists() for link in links if not link.startswith("http"))
    for path in (folder / "figures").glob("*.svg"):
        assert ElementTree.parse(path).getroot().tag.endswith("svg")


def test_pruned_trials_are_called_pruned_everywhere(report: tuple[Path, SearchPage]) -> None:
    folder, page = report
    pruned, failed = page.count("pruned"), page.count("failed")
    assert pruned
    text = (folder / "README.md").read_text()
    assert f"Best of 40 trials ({pruned} pruned, {failed} failed)" in text
    assert "Cross: a pruned trial" in text
    assert "pruned trials do not count" in text
    assert ">pruned<" in (folder / "figures" / "history.svg").read_text().replace("\n", "")
    assert "given up" not in text


def test_trial_numbers_are_right_aligned_and_words_are_not(report: tuple[Path, SearchPage]) -> None:
    table = (report[0] / "README.md").read_text().split("The best trials:")[1]
    assert table.splitlines()[2:4] == [
        "| trial | val/psnr (dB) | training.rate | model.heads | model.skip | run |",
        "|---:|---:|---:|---:|---|---|",
    ]


def test_the_same_data_give_the_same_bytes(report: tuple[Path, SearchPage]) -> None:
    folder = report[0]
    before = {name: (folder / name).read_bytes() for name in FILES}
    write_search_report(SEARCH, folder)
    assert {name: (folder / name).read_bytes() for name in FILES} == before


def test_the_list_of_reports_has_the_search(report: tuple[Path, SearchPage]) -> None:
    write_index(report[0].parent)
    text = (report[0].parent / "README.md").read_text()
    answer = json.loads((report[0] / "metrics.json").read_text())["answer"]
    assert f"| [report](report/README.md) | {SEARCH.question} | {answer} |" in text
    assert "0 studies" in text


def test_unfinished_trials_give_a_warning(tmp_path: Path) -> None:
    folder = write(tmp_path, SEARCH, finished_trials()[:30])
    write_search_report(SEARCH, folder)
    assert "10 of 40 trials are not finished yet." in (folder / "README.md").read_text()


def test_a_search_of_failed_trials_only_has_a_page_and_no_best(tmp_path: Path) -> None:
    failed = [trial for trial in finished_trials() if trial.state.name == "FAIL"]
    folder = write(tmp_path, SEARCH, failed)
    page = write_search_report(SEARCH, folder)
    assert page.best is None
    assert not (folder / "best.yaml").exists()
    assert "is complete." in (folder / "README.md").read_text()


def test_the_figures_show_every_trial_that_has_a_value(report: tuple[Path, SearchPage]) -> None:
    page = report[1]
    points = scored_trials(page)
    assert sum(map(len, points.values())) == page.count("complete") + page.count("pruned")
    panels = {panel.name: panel for panel in axis_panels(page)}
    assert panels["model.skip"].ticks == ["both", "none"]
    assert panels["training.rate"].log
    assert set(panels["model.skip"].points["complete"][0]) == {0.0, 1.0}
    low, high = value_limits(page)
    assert page.best is not None
    assert low < page.best.value < high


def test_the_ticks_of_a_logarithmic_axis_are_plain_numbers(report: tuple[Path, SearchPage]) -> None:
    figure = (report[0] / "figures" / "axes.svg").read_text()
    assert ">0.01</text>" in figure
    assert "math" not in figure


@pytest.mark.parametrize("damage", ["", "trial\n", "trial,state\nx,y\n"])
def test_damaged_data_give_an_error_of_one_line(damage: str, tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "data" / "trials.csv").write_text(damage)
    with pytest.raises(AblateError, match=r"trials\.csv: is damaged, or belongs to another version"):
        read(SEARCH, folder)


def test_the_data_of_another_version_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    with pytest.raises(AblateError, match="belongs to another version of this search"):
        read(made_up_search(trials=40, seed=1), folder)


def test_without_data_the_error_says_what_writes_them(tmp_path: Path) -> None:
    with pytest.raises(AblateError, match="run `ablate search` to write them"):
        read(SEARCH, tmp_path)
