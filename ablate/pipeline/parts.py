"""Try the user's own parts of a study or a search before anything is trained or timed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from ablate.errors import StudyError
from ablate.overrides import resolve
from ablate.records.record import Record
from ablate.settings import Run
from ablate.studies.designs import Arm
from ablate.studies.planning import Design
from ablate.studies.search import Search
from ablate.variants.choices import Variants
from ablate.variants.files import PartError


def try_study(design: Design, record: Record, *, retry_failed: bool = False) -> None:
    """Try the parts of each arm that has something to train.

    Raises:
        PartError: see `training.trial.try_parts`.
    """

    def is_open(arm: Arm) -> bool:
        ids = (arm.run(seed).id for seed in design.seeds)
        return any(record.needs_training(run_id, retry_failed=retry_failed) for run_id in ids)

    runs = [arm.run(design.seeds[0]) for arm in design.arms if arm.settings.variants and is_open(arm)]
    _try(runs, design.study.variants)


def try_search(search: Search) -> None:
    """Try each part that a search can draw, with its other settings as in `base`.

    Raises:
        PartError: see `training.trial.try_parts`.
    """
    runs: list[Run] = []
    for overrides in _with_each_part(search):
        with suppress(StudyError):  # some settings are allowed only together with others of the space
            runs.append(resolve(overrides, search.variants).run(search.seed))
    _try(runs, search.variants)


def try_networks(design: Design) -> None:
    """Try the network of each arm that has parts of its own, whatever is recorded.

    Raises:
        PartError: see `training.trial.try_parts`.
    """
    _try([arm.run(design.seeds[0]) for arm in design.arms if arm.settings.variants], design.study.variants)


def _with_each_part(search: Search) -> Iterator[dict[str, object]]:
    yield search.base
    for place, axis in search.space.items():
        drawn = axis if isinstance(axis, list) else []
        yield from (search.base | {place: name} for name in search.variants.at(place) if name in drawn)


def _try(runs: Sequence[Run], variants: Variants) -> None:
    if not runs:
        return
    from ablate.training.trial import try_parts  # not at the top of the file: few studies have parts of their own

    for run in runs:
        try:
            try_parts(run)
        except PartError as error:
            raise error.inside(variants.folder) from error.__cause__
