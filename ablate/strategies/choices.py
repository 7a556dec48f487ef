"""What each arm of a study chose when it was tuned: `reports/<study>/data/tuning.csv`, one row per trial of an arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ablate.errors import AblateError, NotTunedError
from ablate.records.record import Record
from ablate.strategies.trial_tables import (
    Trial,
    best_so_far,
    of_this_version,
    ranked,
    read_csv,
    read_trials,
    settled,
    trials_table,
    write_csv,
)
from ablate.studies.loading import study_of
from ablate.studies.planning import Design
from ablate.studies.search import Search
from ablate.studies.space import Range

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


NEAR = 0.05
"""A choice is near an end of its range if it is closer to it than this share of the range."""


@dataclass(frozen=True)
class ArmTuning:
    """The search of one arm: its trials, and the best of the complete ones."""

    arm: str
    search: Search
    trials: list[Trial]

    @property
    def best(self) -> Trial | None:
        """None if no trial is complete."""
        order = ranked(self.trials, self.search.judged)
        return order[0] if order else None

    @property
    def course(self) -> list[float]:
        """The best value after each number of trials, NaN before the first."""
        return best_so_far(self.trials, self.search.judged)

    @property
    def near_an_end(self) -> list[str]:
        """The settings that were chosen near an end of their range: what is best may lie beyond it."""
        chosen, space = self.best.overrides if self.best else {}, self.search.space
        ranges = {name: axis for name, axis in space.items() if name in chosen and isinstance(axis, Range)}
        places = {name: axis.place(chosen[name]) for name, axis in ranges.items()}
        return [name for name, place in places.items() if not NEAR < place < 1 - NEAR]


def export_tuning(design: Design, finished: Mapping[str, Sequence[FrozenTrial]], record: Record, folder: Path) -> None:
    """Write the finished trials of each arm's search, by the arm's name, into `folder`/data."""
    tables = [
        trials_table(search, finished[arm], record).assign(arm=arm)
        for arm, search in design.tunings.items()
        if finished[arm]
    ]
    write_csv(_path(folder), pd.concat(tables, ignore_index=True))


def read_tuning(design: Design, folder: Path) -> list[ArmTuning]:
    """Read back what `export_tuning` wrote, arm by arm; nothing for a study that tunes no arm.

    Raises:
        NotTunedError: there is none, or it is damaged or belongs to another version of the study.
    """
    if design.study.tune is None:
        return []
    path = _path(folder)
    if not path.exists():
        raise NotTunedError(f"{path}: the arms of this study are not tuned yet; `ablate sweep` does that first")
    with of_this_version(path, "this study; `ablate sweep`", NotTunedError):
        table = read_csv(path, design.study.tune.space)
        return [_arm_tuning(arm, search, table[table.arm == arm]) for arm, search in design.tunings.items()]


def _arm_tuning(arm: str, search: Search, table: pd.DataFrame) -> ArmTuning:
    return ArmTuning(arm, search, read_trials(search, settled(search, table)))


def tuned(study: Design | str | Path, folder: str | Path) -> Design:
    """A study, or that of a file, given what each of its arms has chosen; as it is if it tunes none.

    Args:
        study: a study, or the path of its file.
        folder: of its report, which has in `data` what the arms have chosen.

    Raises:
        NotTunedError: see `read_tuning`.
        AblateError: no trial of an arm is complete.

    Examples:
        >>> import ablate
        >>> study = ablate.tuned("experiments/skips_tuned.yaml", "reports/skips_tuned")
        >>> {arm.name: arm.settings.training.rate for arm in study.arms}
        {'both (ViT paper)': 0.001674, 'none (notebook)': 0.008853}
    """
    design, chosen = study_of(study), {}
    for tuning in read_tuning(design, Path(folder)):
        if tuning.best is None:
            fact = f"no tuning trial of {tuning.arm} is complete, so it cannot be compared"
            raise AblateError(f"{_path(Path(folder))}: {fact}; allowed: another space, or more trials")
        chosen[tuning.arm] = tuning.best.overrides
    return design.tuned(chosen) if chosen else design


def _path(folder: Path) -> Path:
    return folder / "data" / "tuning.csv"
