"""Seeds until decided: the runs that the next look needs, and no slot idle meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ablate.records.judged import replace_diverged_scores
from ablate.records.record import PENDING
from ablate.records.tables import read_course
from ablate.settings import Run
from ablate.statistics.course import Course
from ablate.strategies import Outcome, Outcomes
from ablate.studies.planning import Design

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class UntilDecided:
    """A study with looks.

    As long as fewer runs are left of the present look than there are `slots` now, the next seeds of the arms that may
    still need them are proposed ahead. Their results are not used before their own look, and may turn out not to be
    needed: so nothing is started ahead where a budget limits what may be trained.
    """

    design: Design
    slots: Callable[[], int]
    course: Course | None = None
    ended: dict[str, str] = field(default_factory=dict)

    def propose(self, outcomes: Outcomes) -> Sequence[Run]:
        """See `Strategy`."""
        course = self._follow(outcomes)
        needed = [cell.run for cell in self.design.cells_by_seed if course.needs(cell.arm.name, cell.seed)]
        spare = 0 if self.design.study.has_limits else self.slots() - sum(_coming(outcomes, run) for run in needed)
        undecided = [cell for cell in self.design.cells_by_seed if cell.arm.name in course.undecided]
        beyond = [cell.run for cell in undecided if not course.needs(cell.arm.name, cell.seed)]
        later = [run for run in beyond if _coming(outcomes, run)]
        return needed + later[: max(spare, 0)]

    @property
    def given_up(self) -> list[str]:
        """The runs that no look so far has needed; once all looks are taken, none will."""
        cells, course = self.design.cells_by_seed, self.course
        return [cell.run.id for cell in cells if course and not course.needs(cell.arm.name, cell.seed)]

    def _follow(self, outcomes: Outcomes) -> Course:
        """The course, computed again only when a run has ended: epochs do not change it."""
        ended: dict[str, str] = {
            run_id: outcome.status for run_id, outcome in outcomes.items() if outcome.status not in PENDING
        }
        if self.course is None or ended != self.ended:
            self.course, self.ended = read_course(self.design, _table(self.design, outcomes)), ended
        return self.course


def _coming(outcomes: Outcomes, run: Run) -> bool:
    return run.id not in outcomes or outcomes[run.id].status in PENDING


def _table(design: Design, outcomes: Outcomes) -> pd.DataFrame:
    """What `read_course` needs of `records.tables.load_results`."""
    import pandas as pd

    nothing = Outcome("absent")
    found = [(cell, outcomes.get(cell.run.id, nothing)) for cell in design.cells]
    rows = [
        {"arm": cell.arm.name, "seed": cell.seed, "status": outcome.status}
        | replace_diverged_scores(outcome.status, dict(outcome.results))
        for cell, outcome in found
    ]
    needed = (design.study.metric, design.metric.at("zero").name, f"{design.metric.kind}/psnr", "zero/psnr")
    names = dict.fromkeys(["arm", "seed", "status", *needed, "cost/train_seconds"])
    return pd.DataFrame(rows, columns=list(names))
