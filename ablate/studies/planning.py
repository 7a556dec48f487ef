"""Study -> Design: the arms, pairs of arms, claims and runs of a study, resolved once and used by all later steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ablate.errors import NotTunedError, Steps, StudyError, quote
from ablate.metrics import METRICS
from ablate.overrides import resolve
from ablate.settings import TASK_SETTINGS, Run, Settings, dotted
from ablate.studies.claims import find_claims
from ablate.studies.contents import Contents
from ablate.studies.designs import AnyDesign, Arm, Draft, Grid, Places, choose_design
from ablate.studies.evaluation_sets import check_sets, is_noiseless
from ablate.studies.plan import Plan
from ablate.studies.search import Search
from ablate.studies.study import Overrides, Study
from ablate.studies.tuning import find_tunings
from ablate.variants.choices import Variants


class Cell(NamedTuple):
    """One arm with one seed."""

    arm: Arm
    seed: int
    run: Run


@dataclass(frozen=True, kw_only=True)
class Design(Plan):
    """A study with everything that follows from its file: what it compares (`Plan`), and what it trains.

    Attributes:
        study: the study as its file states it.
        kind: the kind of design, which decides the arms (see `designs`).
        arms: the arms with their resolved settings, in the order of the file.
        tunings: the search of each arm by the arm's name; empty if arms are not tuned.
        chosen: the settings that tuning chose for each arm, by the arm's name; empty until that is known.
        file: the file that the study was read from; None for a study that was built in Python.
        contents: the content of the pictures that arms are about.
    """

    study: Study
    kind: AnyDesign
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    tunings: Mapping[str, Search] = field(default_factory=dict)
    chosen: Mapping[str, Overrides] = field(default_factory=dict)
    file: Path | None = field(default=None, compare=False)
    contents: Contents = field(default_factory=Contents, compare=False)

    @classmethod
    def of(
        cls,
        study: Study,
        chosen: Mapping[str, Overrides] | None = None,
        file: Path | None = None,
        contents: Contents | None = None,
    ) -> Design:
        """Resolve a study; `chosen` has the settings that tuning chose for each arm, once that is known.

        Folders of pictures are read, except those in `contents`.

        Raises:
            StudyError: an axis, a value, the reference, a claim or the tuning is not allowed.
        """
        chosen, contents = chosen or {}, contents or Contents()
        kind = choose_design(study)
        arms = _resolve_arms(study, kind, chosen, contents)
        return cls(
            name=study.name,
            question=study.question,
            metric=METRICS[study.metric],
            margin=study.margin,
            arms=arms,
            claims=find_claims(study, arms),
            seeds=study.seeds,
            looks=study.looks,
            missing=study.missing,
            max_runs=study.runs,
            max_seconds=study.budget_seconds,
            study=study,
            kind=kind,
            tunings=find_tunings(study, arms),
            chosen=chosen,
            file=file,
            contents=contents,
        )

    def with_changes(self, **changes: Any) -> Design:
        """Resolve the same study with some of its fields changed, e.g. `requested_seeds=12`."""
        return Design.of(self.study.model_copy(update=changes), file=self.file, contents=self.contents)

    def tuned(self, chosen: Mapping[str, Overrides]) -> Design:
        """Resolve the same study with the settings that tuning chose for each arm."""
        return Design.of(self.study, chosen, self.file, self.contents)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All arms with all seeds, arm by arm.

        Raises:
            NotTunedError: the arms are not tuned yet, so their settings are unknown.
        """
        if self.tunings and not self.chosen:
            raise NotTunedError(f"the arms of {self.name} are not tuned yet; `ablate sweep` does that first")
        return tuple(Cell(arm, seed, arm.run(seed)) for arm in self.arms for seed in self.seeds)

    @cached_property
    def cells_by_seed(self) -> tuple[Cell, ...]:
        """All arms with all seeds, seed by seed: in this order every arm gets a first result early."""
        return tuple(sorted(self.cells, key=lambda cell: self.seeds.index(cell.seed)))

    @property
    def runs(self) -> list[Run]:
        """All runs, seed by seed."""
        return [cell.run for cell in self.cells_by_seed]

    @property
    def axes(self) -> dict[str, list[object]]:
        """The axes of a grid that vary, each with its values; empty for other designs."""
        axes = self.kind.axes if isinstance(self.kind, Grid) else {}
        return {axis: values for axis, values in axes.items() if len(values) > 1}

    @property
    def baseline(self) -> Mapping[str, object]:
        """The values of axes that make an arm a reference; empty if the reference has a name."""
        return {} if isinstance(self.study.reference, str) else self.study.reference


def _resolve_arms(
    study: Study, kind: AnyDesign, chosen: Mapping[str, Overrides], contents: Contents
) -> tuple[Arm, ...]:
    base = _places_under("base", study.base)
    _resolve(study.base, base, study.variants, contents)

    def resolve_draft(draft: Draft) -> Arm:
        own = chosen.get(draft.name, {})
        places = base | draft.places | {name: ("tune", "space", name) for name in own}
        settings = _resolve(study.base | draft.overrides | own, places, study.variants, contents)
        _check_used(draft, settings)
        return Arm(name=draft.name, against=draft.against, overrides=draft.overrides, settings=settings)

    arms = tuple(kind.arms(resolve_draft))
    for check in (_check_distinct, _check_one_task, _check_gain, _check_runs):
        check(study, arms)
    return arms


def _places_under(key: str, names: Iterable[str]) -> Places:
    return {name: (key, name) for name in names}


def _check_used(draft: Draft, settings: Settings) -> None:
    """What an arm overrides must make a difference: a setting of a part, for one, that the arm does not use."""
    used = dotted(settings)
    for name in draft.overrides:
        if name not in used:
            part = name.split(".")[1]
            fact = f"the arm {quote(draft.name)} does not use the part {part}, so {name} changes nothing"
            raise StudyError(draft.places[name], f"{fact}; allowed: only in arms that use it", of_key=True)


def _resolve(overrides: Overrides, places: Places, variants: Variants, contents: Contents) -> Settings:
    """Resolve overrides; an error gets the path of the override that causes it.

    That is the override of the setting in the error. If this setting is not overridden, as when the width does not fit
    the default heads, it is the last override of the same section, or else the last of all.
    """
    try:
        settings = contents.fill(resolve(overrides, variants))
        check_sets(settings)
        return settings
    except StudyError as error:
        name = str(error.path[0])
        section = name.split(".")[0] + "."
        same_section = [path for setting, path in places.items() if setting.startswith(section)]
        path = places.get(name) or (same_section or list(places.values()))[-1]
        raise StudyError(path, error.message) from None


def _check_distinct(study: Study, arms: tuple[Arm, ...]) -> None:
    where = "arms" if study.arms is not None else "vary"
    if len(arms) < 2:
        raise StudyError((where,), "there is only one arm; a comparison needs two or more")
    seen: dict[Settings, str] = {}
    for arm in arms:
        if arm.settings in seen:
            path: Steps = ("arms", arm.name) if study.arms is not None else ("vary",)
            fact = f"the arms {quote(seen[arm.settings])} and {quote(arm.name)} have the same settings; remove one"
            raise StudyError(path, fact, of_key=True)
        seen[arm.settings] = arm.name


def _check_one_task(study: Study, arms: tuple[Arm, ...]) -> None:
    """If arms differ in the task itself, only a metric relative to doing nothing can compare them."""
    if METRICS[study.metric].is_relative:
        return
    settings = [dotted(arm.settings) for arm in arms]
    names = dict.fromkeys(
        name for found in settings for name in found if name.startswith(TASK_SETTINGS + study.variants.of_the_task)
    )
    for name in names:
        if any(other.get(name) != settings[0].get(name) for other in settings):
            relative = ", ".join(metric.name for metric in METRICS.values() if metric.is_relative)
            fact = f"the arms differ in {name}, which changes the task, so {study.metric} cannot compare them"
            raise StudyError(("metric",), f"{fact}; allowed: {relative}")


def _check_gain(study: Study, arms: tuple[Arm, ...]) -> None:
    """A metric relative to doing nothing needs noise, since doing nothing is perfect without it."""
    for arm in arms:
        if METRICS[study.metric].is_relative and is_noiseless(arm.settings):
            count = arm.settings.data.test
            fact = f"the arm {quote(arm.name)} has no noise in {count} test scenes, so {study.metric} is undefined"
            allowed = "data.filled or data.noisy with a density and a value above 0, and enough test scenes"
            raise StudyError(("metric",), f"{fact}: doing nothing is perfect; allowed: {allowed}")


def _check_runs(study: Study, arms: tuple[Arm, ...]) -> None:
    """The limit on runs must allow the first look, since there is no verdict before it."""
    first = study.looks[0].seeds * len(arms)
    if study.runs is not None and study.runs < first:
        fact = f"the first look needs {first} runs, {study.looks[0].seeds} of each arm"
        raise StudyError(("runs",), f"{fact} (given: {study.runs}); allowed: {first} or more")
