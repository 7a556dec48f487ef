"""Seeds until decided: the runs that the next look needs, and no slot idle meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ablate.records.record import COMING
from ablate.records.tables import scored
from ablate.settings import Run
from ablate.sources import Outcome, Outcomes
from ablate.statistics.course import Course, follow
from ablate.studies.planning import cells, cells_by_seed
from ablate.studies.study import Study

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class UntilDecided:
    """A study with looks.

    As long as fewer runs than `slots` are left of the present look, the next seeds of the arms that may still need them
    are proposed ahead. What comes of those is not looked at before its turn, and it may turn out not to be needed: so
    nothing is started ahead where a budget limits what may be trained.
    """

    study: Study
    slots: int
    course: Course | None = None
    ended: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.planned = cells_by_seed(self.study)

    def propose(self, outcomes: Outcomes) -> Sequence[Run]:
        """See `Source`."""
        course = self._follow(outcomes)
        needed = [cell.run for cell in self.planned if course.needs(self.study, cell)]
        spare = 0 if self.study.limited else self.slots - sum(_coming(outcomes, run) for run in needed)
        undecided = [cell for cell in self.planned if cell.arm.name in course.undecided]
        later = [cell.run for cell in undecided if not course.needs(self.study, cell) and _coming(outcomes, cell.run)]
        return needed + later[: max(spare, 0)]

    @property
    def given_up(self) -> list[str]:
        """The runs that no look so far has needed; once all looks are taken, none will."""
        course = self.course
        return [cell.run.id for cell in self.planned if course and not course.needs(self.study, cell)]

    def _follow(self, outcomes: Outcomes) -> Course:
        """The course, told anew only when a run has ended: epochs are no news to it."""
        ended: dict[str, str] = {
            run_id: outcome.status for run_id, outcome in outcomes.items() if outcome.status not in COMING
        }
        if self.course is None or ended != self.ended:
            self.course, self.ended = follow(self.study, _table(self.study, outcomes)), ended
        return self.course


def _coming(outcomes: Outcomes, run: Run) -> bool:
    return run.id not in outcomes or outcomes[run.id].status in COMING


def _table(study: Study, outcomes: Outcomes) -> pd.DataFrame:
    """What `statistics.course` needs of `results.load_results`."""
    import pandas as pd

    nothing = Outcome("absent")
    found = [(cell, outcomes.get(cell.run.id, nothing)) for cell in cells(study)]
    rows = [
        {"arm": cell.arm.name, "seed": cell.seed, "status": outcome.status}
        | scored(outcome.status, dict(outcome.results))
        for cell, outcome in found
    ]
    return pd.DataFrame(rows, columns=["arm", "seed", "status", study.metric, "cost/train_seconds"])
