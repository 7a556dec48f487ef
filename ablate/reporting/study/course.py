"""The section on the course of a study with several looks, in words."""

from __future__ import annotations

from collections.abc import Iterator

from ablate.reporting.markup.document import Block, paragraph
from ablate.reporting.markup.figures import Pictures
from ablate.reporting.markup.numbers import format_percent
from ablate.reporting.markup.words import join_words
from ablate.reporting.study.answer import why_it_stopped
from ablate.reporting.study.model import Page
from ablate.reporting.study.tables import course_table


def course_blocks(page: Page) -> Iterator[Block | Pictures]:
    """The section on a study with several looks: what each look showed, and which runs were not needed."""
    looks = join_words([str(look.seeds) for look in page.design.looks])
    yield paragraph(
        f"Looks were planned at {looks} seeds, each with the arms that were still undecided. {_runs_saved(page)}"
    )
    if stopped := why_it_stopped(page):
        yield paragraph(stopped)
    yield course_table(page)
    yield Pictures()
    if page.unused_runs:
        runs = "; ".join(f"{run.arm} seed {run.seed} ({run.status})" for run in page.unused_runs)
        yield paragraph(f"Recorded, but needed by no look, so not used: {runs}.")


def _runs_saved(page: Page) -> str:
    """How many runs the verdicts rest on, and how many fewer than with all seeds; of a study that continues, so far."""
    used, seeds = len(page.used_runs), f"{len(page.design.seeds)} seeds for every arm"
    if any(row.end is None for row, _ in page.compared_arms):
        missing = len(page.missing_runs)
        return f"The looks so far take {used} runs, of which {missing} are missing; {seeds} would be {page.max_runs}."
    saved, abandoned = page.max_runs - used, _abandoned_runs(page)
    why = f"; {abandoned} of them are of arms that were given up, and decide nothing" if abandoned else ""
    share = format_percent(saved / page.max_runs)
    rest = f"The verdicts rest on {used} runs instead of {page.max_runs} with {seeds}"
    return f"{rest}: {saved} runs ({share}) were not needed{why}."


def _abandoned_runs(page: Page) -> int:
    """The runs that were left out because their arms were given up as undecided, not because they were decided."""
    given_up = [row.name for row in page.rows if row.end in ("futile", "budget")]
    return sum(len(page.design.seeds) - page.course.needed[arm] for arm in given_up)
