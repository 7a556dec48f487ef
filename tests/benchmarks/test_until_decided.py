"""Both designs are judged by the same runs, and each arm is shown with the verdicts of both."""

from pathlib import Path

import pytest

from ablate.records.record import Record
from ablate.reporting.study.reading import read_table
from ablate.studies.planning import Design
from benchmarks import until_decided
from benchmarks.until_decided import LAST, designs, results, section
from tests.helpers.courses import study_of, table, usual


def rows(text: str) -> dict[str, list[str]]:
    """The cells of each arm's row, by its name."""
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return {name: cells for name, *cells in found[2:]}


def test_both_designs_have_the_same_arms_and_seeds() -> None:
    fixed, sequential = designs(study_of())
    assert fixed.arms == sequential.arms
    assert fixed.seeds == sequential.seeds == tuple(range(LAST))
    assert (len(fixed.looks), len(sequential.looks)) == (1, 4)


def test_an_arm_that_is_far_worse_gets_the_verdict_of_twelve_seeds_after_three() -> None:
    fixed, sequential = designs(study_of())
    found = rows("\n".join(section(fixed, sequential, table(fixed, usual))))
    assert set(found) == {"same", "worse", "unsure"}
    twelve, _, until_decided, _, seeds = found["worse"]
    assert (twelve, until_decided, seeds) == ("worse", "worse", "3")
    assert all(row[0] == row[2] or row[2] == "undecided" for row in found.values())


def test_the_saved_runs_are_those_that_no_look_needs() -> None:
    fixed, sequential = designs(study_of())
    text = "\n".join(section(fixed, sequential, table(fixed, usual)))
    most = max(int(row[-1]) for row in rows(text).values())
    used = most + sum(int(row[-1]) for row in rows(text).values())
    assert f"48 runs with {LAST} fixed seeds, {used} until decided: {1 - used / 48:.0%} saved." in text


def test_the_page_is_what_the_program_writes_of_the_saved_runs() -> None:
    both = [designs(until_decided.load(name)) for name in until_decided.STUDIES]
    saved = [read_table(until_decided.DATA / fixed.name / "data" / "runs.csv") for fixed, _ in both]
    assert [set(runs.run) for runs in saved] == [{run.id for run in fixed.runs} for fixed, _ in both], (
        "nothing to train"
    )
    found = [(*studies, runs) for studies, runs in zip(both, saved, strict=True)]
    assert until_decided.page(found) == until_decided.PAGE.read_text()


def test_trained_runs_are_saved_beside_the_page_and_not_trained_again(
    swept: tuple[Path, Design], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, study = swept
    monkeypatch.setattr(until_decided, "DATA", tmp_path / "kept")
    monkeypatch.chdir(folder)
    trained = results(study)
    monkeypatch.chdir(tmp_path)
    again = results(study)
    assert again["test/psnr"].tolist() == trained["test/psnr"].tolist()
    assert all(Record().adopted_from(run.id) for run in study.runs)
