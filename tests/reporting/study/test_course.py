"""The report of a study with looks."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ablate.reporting.markup.rendering import markdown
from ablate.reporting.study.answer import why_it_stopped
from ablate.reporting.study.content import document
from ablate.reporting.study.data import Data, write
from ablate.reporting.study.figures.course import course_figure, look_bars, look_limits
from ablate.reporting.study.headlines import headlines
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.page import write_report
from ablate.reporting.study.tables import course_table
from ablate.statistics.multiplicity import level_of
from ablate.statistics.power import seeds_needed
from ablate.studies.planning import Cell, Design
from tests.helpers import fabricated

UNSURE, SPARE = "rate 4", fabricated.LONG[2]


def score(cell: Cell) -> float | None:
    """All arms are worse, except one that varies widely."""
    if cell.arm.name != UNSURE:
        return fabricated.named_score(cell)
    return 30 + 0.3 * cell.seed + float(np.random.default_rng(cell.seed).normal(0, 0.4))


@pytest.fixture(scope="module")
def study() -> Design:
    return fabricated.named_study(5, seeds={"from": 3, "to": 8}, reference="rate 3", margin=0.02)


@pytest.fixture(scope="module")
def data(study: Design) -> Data:
    found = fabricated.fabricate(study, score)
    course = build(study, found).course
    spare = found.runs.seed >= found.runs.arm.map(course.needed)
    trained_ahead = (found.runs.arm == SPARE) & (found.runs.seed == 7)
    found.runs.loc[spare & ~trained_ahead, "status"] = "absent"
    return found


@pytest.fixture(scope="module")
def page(study: Design, data: Data) -> Page:
    return build(study, data)


def test_the_fixture_has_an_arm_that_is_given_up(page: Page) -> None:
    assert next(row.end for row in page.rows if row.name == SPARE) == "futile"


def test_a_study_that_continues_claims_no_saving(study: Design, data: Data) -> None:
    runs, later = data.runs.copy(), data.runs.seed >= 3
    runs.loc[later, "status"], runs.loc[later, "test/psnr"] = "absent", float("nan")
    text = markdown(document(build(study, replace(data, runs=runs))))
    assert "The looks so far take 25 runs, of which 10 are missing; 8 seeds for every arm would be 40." in text
    assert "were not needed" not in text


def test_the_arms_of_the_fixture_end_at_different_looks(page: Page) -> None:
    assert len({len(row.history) for row, _ in page.compared_arms}) > 1


def test_the_seeds_that_would_decide_an_arm_are_those_of_a_study_without_looks(page: Page) -> None:
    row = next(row for row in page.rows if row.name == SPARE)
    assert row.comparison is not None
    assert row.comparison.level > page.level == level_of(page.comparisons)
    assert [row.seeds_needed] == seeds_needed([row.comparison], page.design.margin, page.level)


def test_the_table_shows_every_look_that_included_an_arm_and_why_it_ended(page: Page) -> None:
    rows = {row[0]: row for row in course_table(page).rows}
    assert all(rows[UNSURE][1:4]), "looks at 3, 5 and 8 seeds"
    assert rows[UNSURE][-2:] == ("last look", "8")
    for row, _ in page.compared_arms:
        assert sum(bool(cell) for cell in rows[row.name][1:4]) == len(row.history)


def test_saved_runs_are_counted_against_all_seeds_for_every_arm(page: Page) -> None:
    used = sum(page.course.needed.values())
    assert headlines(page)["runs"] == {"used": used, "planned": 5 * 8}
    text = str(document(page))
    assert f"{used} runs" in text
    assert f"{40 - used} runs (" in text


def test_the_headlines_say_over_how_many_seeds_a_level_is_and_how_it_varies(page: Page) -> None:
    arm, scores = headlines(page)["arms"][UNSURE], page.scores[UNSURE]
    assert (arm["seeds"], arm["level_seeds"]) == (8, 3)
    assert arm["level_sd"] == pytest.approx(scores.iloc[:3].std(), rel=1e-5)
    assert arm["sd"] == pytest.approx(scores.std(), rel=1e-5)


def test_a_run_that_no_look_needs_is_listed_as_unused_and_does_not_count(page: Page, data: Data) -> None:
    (spare,) = page.unused_runs
    assert (spare.arm, spare.seed) == (SPARE, 7)
    row = next(row for row in page.rows if row.name == spare.arm)
    assert row.seeds == page.course.needed[spare.arm]
    assert np.isnan(page.scores[spare.arm][7])
    assert not page.missing_runs


def test_the_figure_shows_every_finite_interval_look_by_look(page: Page) -> None:
    bars = look_bars(page)
    for row, _ in page.compared_arms:
        assert [(bar.low, bar.high) for bar in bars[row.name]] == [(c.low, c.high) for c in row.history]
    low, high = look_limits(bars, page.design.margin)
    assert all(low < shown[-1].low < shown[-1].high < high for shown in bars.values())
    figure = course_figure(page)
    assert figure is not None
    titles = [axes.get_title().replace("\n", " ") for axes in figure.axes[: len(bars)]]
    assert [title.replace(" ", "") for title in titles] == [arm.replace(" ", "") for arm in bars]


def test_every_panel_of_the_course_has_its_labels(page: Page) -> None:
    figure = course_figure(page)
    assert figure is not None
    for axes in figure.axes:
        assert [label.get_text() for label in axes.get_xticklabels() if label.get_visible()] == ["3", "5", "8"]


def test_a_study_with_a_single_look_has_no_such_section() -> None:
    study = fabricated.named_study(5)
    page = build(study, fabricated.fabricate(study, fabricated.named_score))
    assert "From look to look" not in [section.title for section in document(page).sections]
    assert course_figure(page) is None
    assert "runs" not in headlines(page)


def test_the_report_is_complete_and_the_same_each_time(study: Design, data: Data, tmp_path: Path) -> None:
    write(study, data, tmp_path)
    pages = []
    for _ in range(2):
        write_report(study, tmp_path)
        pages.append([path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()])
    assert pages[0] == pages[1]
    assert (tmp_path / "figures" / "course.svg").exists()


def test_while_a_look_is_not_complete_the_verdicts_of_the_undecided_wait(study: Design, data: Data) -> None:
    runs = data.runs.copy()
    runs.loc[(runs.arm == UNSURE) & (runs.seed == 1), "status"] = "unfinished"
    page = build(study, Data(runs, data.epochs, data.scenes))
    verdicts = {row.name: c.verdict for row, c in page.compared_arms}
    assert verdicts[UNSURE] == "waiting"
    assert [str(run) for run in page.missing_runs] == [f"{UNSURE} seed 1: unfinished"]


def test_the_reason_why_a_study_stopped_is_one_line_that_counts_its_arms(page: Page) -> None:
    line = why_it_stopped(page)
    assert line is not None
    assert line in markdown(document(page))
    assert sum(map(int, re.findall(r"(\d+) (?:decided|given up|last look|budget|waiting)", line))) == len(
        page.compared_arms
    )


def test_a_study_with_one_look_needs_no_reason_to_stop(page: Page) -> None:
    study = page.study.with_changes(requested_seeds=3)
    assert why_it_stopped(replace(page, design=study)) is None
