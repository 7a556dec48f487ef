"""Both designs are judged by the same runs, and each arm is shown with the verdicts of both."""

from benchmarks import until_decided
from benchmarks.recorded import SEEDS
from benchmarks.until_decided import designs, judge, reported, saved, section
from tests.helpers.courses import study_of, table, usual


def rows(text: str) -> dict[str, list[str]]:
    """The cells of each arm's row, by its name."""
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return {name: cells for name, *cells in found[2:]}


def test_both_designs_have_the_same_arms_and_seeds() -> None:
    fixed, sequential = designs(study_of())
    assert fixed.arms == sequential.arms
    assert fixed.seeds == sequential.seeds == tuple(range(SEEDS))
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
    assert f"48 runs with {SEEDS} fixed seeds, {used} until decided: {1 - used / 48:.0%} saved." in text


def test_a_study_until_decided_is_listed_with_what_it_settled_and_took() -> None:
    _, sequential = designs(study_of())
    (row,) = rows(saved([(sequential, table(sequential, usual))])).values()
    runs = table(sequential, usual)
    course, found = judge(sequential, runs)
    settled = sum(comparison.verdict != "undecided" for comparison in found.values())
    assert row[:3] == [f"{settled} of 3", "48", str(sum(course.needed.values()))]
    assert settled >= 2


def test_the_page_has_the_tables_that_the_program_writes_of_the_kept_scores() -> None:
    """The other table follows from `reports/`, which anyone may write again on another machine."""
    assert until_decided.PAGE.read_text().endswith(until_decided.both_ways())


def test_reports_are_listed_if_their_studies_train_until_decided() -> None:
    listed = {study.name for study, _ in reported()}
    assert "heads" in listed
    assert "pictures" not in listed
