"""The report of a study whose arms were tuned, from made-up trials and made-up scores."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ablate.errors import AblateError, NotTunedError
from ablate.records.record import Record
from ablate.reporting.markup.rendering import markdown
from ablate.reporting.study.answer import answer
from ablate.reporting.study.content import document
from ablate.reporting.study.data import read, write
from ablate.reporting.study.figures.tuning import tuning_courses
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.page import write_report
from ablate.strategies.choices import export_tuning, read_tuning, tuned
from ablate.strategies.search import Searching
from ablate.studies.planning import Cell, Design
from tests.helpers import fabricated
from tests.helpers.searches import run_to_its_end
from tests.helpers.tuned import tuned_study

STUDY = tuned_study(
    seeds=4, tune={"space": {"training.rate": {"low": 1e-4, "high": 1e-1, "log": True}}, "trials": 6, "epochs": 4}
)


def score(cell: Cell) -> float:
    return 30.0 - 5 * (cell.arm.name == "without") + 0.1 * cell.seed


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Design]:
    folder = tmp_path_factory.mktemp("tuned") / "report"
    finished = {arm: run_to_its_end(Searching(search)) for arm, search in STUDY.tunings.items()}
    export_tuning(STUDY, finished, Record(folder / ".ablate"), folder)
    study = tuned(STUDY, folder)
    write(study, fabricated.fabricate(study, score), folder)
    write_report(study, folder)
    return folder, study


@pytest.fixture(scope="module")
def page(report: tuple[Path, Design]) -> Page:
    folder, study = report
    return build(study, read(study, folder))


def test_each_arm_is_compared_with_what_it_chose(report: tuple[Path, Design]) -> None:
    folder, study = report
    best = {tuning.arm: tuning.best for tuning in read_tuning(STUDY, folder)}
    for arm in study.arms:
        chosen = best[arm.name]
        assert chosen is not None
        assert arm.settings.training.rate == chosen.overrides["training.rate"]


def test_the_best_of_an_arm_is_the_best_of_its_own_trials(page: Page) -> None:
    for tuning in page.tuning:
        assert tuning.best is not None
        assert tuning.best.value == max(trial.value for trial in tuning.trials if trial.state == "complete")
        assert len(tuning.trials) == 6


def test_the_figure_shows_the_best_value_against_the_number_of_trials(page: Page) -> None:
    for arm, course in tuning_courses(page).items():
        assert [count for count, _ in course] == list(range(1, 7)), arm
        values = [best for _, best in course]
        assert values == sorted(values)


def test_the_page_says_given_the_chosen_settings(report: tuple[Path, Design], page: Page) -> None:
    text = (report[0] / "README.md").read_text()
    assert answer(page).startswith("With each arm tuned, compared with ")
    assert "All verdicts hold for the chosen settings." in text
    assert "6 trials of 4 epochs on the seed 10000" in text
    assert "figures/tuning.svg" in text
    for tuning in page.tuning:
        assert tuning.best is not None
        assert f"| {tuning.arm} | {tuning.best.overrides['training.rate']} |" in text


@pytest.mark.parametrize(("rate", "near"), [(1.2e-4, True), (3e-3, False), (9e-2, True)])
def test_a_choice_near_an_end_of_its_range_is_reported(page: Page, rate: float, near: bool) -> None:
    (tuning, *_) = page.tuning
    assert tuning.best is not None
    chosen = replace(tuning, trials=[replace(tuning.best, overrides={"training.rate": rate})])
    text = markdown(document(replace(page, tuning=[chosen])))
    assert (f'the best value may lie beyond it: "{tuning.arm}" (training.rate).' in text) is near


def test_the_same_data_give_the_same_bytes(report: tuple[Path, Design]) -> None:
    folder, study = report
    files = [folder / "README.md", folder / "report.html", folder / "figures" / "tuning.svg"]
    before = [path.read_bytes() for path in files]
    write_report(study, folder)
    assert [path.read_bytes() for path in files] == before


def test_a_study_that_tunes_nothing_says_nothing_of_it(tmp_path: Path) -> None:
    study = tuned_study(tune=None, seeds=4)
    assert tuned(study, tmp_path) is study
    found = build(study, fabricated.fabricate(study, score))
    assert found.tuning == []
    assert "tuned" not in answer(found)


def test_what_was_tuned_for_another_version_of_the_study_is_refused(report: tuple[Path, Design]) -> None:
    tune = STUDY.study.tune
    assert tune is not None
    other = STUDY.with_changes(tune=tune.model_copy(update={"epochs": 3}))
    with pytest.raises(NotTunedError, match="another version of this study; `ablate sweep` writes it again"):
        tuned(other, report[0])


def test_without_tuning_data_the_error_says_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(NotTunedError, match="`ablate sweep` does that first"):
        tuned(STUDY, tmp_path)


def test_an_arm_of_which_no_trial_ended_cannot_be_compared(report: tuple[Path, Design], tmp_path: Path) -> None:
    shutil.copytree(report[0] / "data", tmp_path / "data")
    path = tmp_path / "data" / "tuning.csv"
    lines = path.read_text().splitlines()
    spoilt = [line.replace("complete", "failed") if line.endswith("without") else line for line in lines]
    path.write_text("\n".join(spoilt) + "\n")
    with pytest.raises(AblateError, match="no tuning trial of without is complete"):
        tuned(STUDY, tmp_path)
