"""Study -> Design: its arms, pairs of arms, claims and runs, resolved once and passed to everything below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from ablate.errors import NotTunedError, Steps, StudyError
from ablate.metrics import METRICS, Metric
from ablate.settings import TASK_SETTINGS, Run, Settings, check_target, dotted, resolve
from ablate.statistics.claims import Claim, Pair
from ablate.statistics.multiplicity import Family, Look
from ablate.studies.claims import find_claims, find_pairs
from ablate.studies.designs import AnyDesign, Arm, Draft, Grid, Places, design_of
from ablate.studies.search import Search
from ablate.studies.study import Overrides, Study
from ablate.studies.tuning import find_tunings


class Cell(NamedTuple):
    """One arm x one seed."""

    arm: Arm
    seed: int
    run: Run


@dataclass(frozen=True)
class Design:
    """A study with all that follows from its file alone.

    Attributes:
        study: as its file states it.
        kind: which arms it has, and why (`designs`).
        arms: in the order of the file, their settings resolved.
        claims: what it expects of its arms, in the order of the file.
        tunings: the search of each arm by its name, where arms are tuned.
        chosen: what tuning chose for each arm, by its name; empty as long as that is not known.
    """

    study: Study
    kind: AnyDesign
    arms: tuple[Arm, ...]
    claims: tuple[Claim, ...]
    tunings: Mapping[str, Search] = field(default_factory=dict)
    chosen: Mapping[str, Overrides] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study, chosen: Mapping[str, Overrides] | None = None) -> Design:
        """Resolve a study; where its arms are tuned, given what each of them has `chosen`.

        Raises:
            StudyError: an axis, a value, the reference, a claim or the tuning is not allowed; its path leads to the
                place in the study.
        """
        chosen = chosen or {}
        kind = design_of(study)
        arms = _resolve_arms(study, kind, chosen)
        return cls(study, kind, arms, find_claims(study, arms), find_tunings(study, arms), chosen)

    def restated(self, **changes: Any) -> Design:
        """The design of the same study with some of its fields changed, e.g. `asked_seeds=12`."""
        return Design.of(self.study.model_copy(update=changes))

    def tuned(self, chosen: Mapping[str, Overrides]) -> Design:
        """The same study, given what each of its arms has chosen when it was tuned."""
        return Design.of(self.study, chosen)

    @property
    def name(self) -> str:
        """The study's name."""
        return self.study.name

    @property
    def question(self) -> str:
        """The study's question."""
        return self.study.question

    @property
    def metric(self) -> Metric:
        """The metric that decides."""
        return METRICS[self.study.metric]

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds that the study may need, in the order in which looks take them."""
        return self.study.seeds

    @property
    def looks(self) -> tuple[Look, ...]:
        """When the study is judged: once, at all seeds, or until it is decided."""
        return self.study.looks

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs of arms that the study compares, over which its error is shared."""
        return find_pairs(self.arms, self.claims)

    @cached_property
    def against(self) -> dict[str, str]:
        """What each arm is compared with, by its name; references are not in it."""
        return {arm.name: arm.against for arm in self.arms if arm.against is not None}

    @cached_property
    def family(self) -> Family:
        """The comparisons of the study, and the looks at which they are made."""
        return Family(self.pairs, self.looks, max_runs=self.study.runs, max_seconds=self.study.budget_seconds)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, arm by arm.

        Raises:
            NotTunedError: its arms are yet to be tuned, so that nobody knows their settings.
        """
        if self.tunings and not self.chosen:
            raise NotTunedError(f"the arms of {self.name} are not tuned yet; `ablate sweep` does that first")
        return tuple(Cell(arm, seed, arm.run(seed)) for arm in self.arms for seed in self.seeds)

    @cached_property
    def cells_by_seed(self) -> tuple[Cell, ...]:
        """All cells, seed by seed, so that every arm has a first result early."""
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


def _resolve_arms(study: Study, kind: AnyDesign, chosen: Mapping[str, Overrides]) -> tuple[Arm, ...]:
    base = _under("base", study.base)
    _resolve(study.base, base)

    def settle(draft: Draft) -> Arm:
        own = chosen.get(draft.name, {})
        places = base | draft.places | {name: ("tune", "space", name) for name in own}
        settings = _resolve(study.base | draft.overrides | own, places)
        return Arm(draft.name, draft.overrides, settings, draft.against)

    arms = tuple(kind.arms(settle))
    for check in (_check_distinct, _check_one_task, _check_gain, _check_runs):
        check(study, arms)
    return arms


def _under(key: str, names: Iterable[str]) -> Places:
    return {name: (key, name) for name in names}


def _resolve(overrides: Overrides, places: Places) -> Settings:
    """`resolve`, an error's path leading to the override to blame: the setting's own, or its section's last."""
    try:
        settings = resolve(overrides)
        check_target(settings.data)
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
        raise StudyError((where,), "one arm only: a comparison needs two or more")
    seen: dict[Settings, str] = {}
    for arm in arms:
        if arm.settings in seen:
            path: Steps = ("arms", arm.name) if study.arms is not None else ("vary",)
            fact = f"the arms '{seen[arm.settings]}' and '{arm.name}' have the same settings"
            raise StudyError(path, fact, of_key=True)
        seen[arm.settings] = arm.name


def _check_one_task(study: Study, arms: tuple[Arm, ...]) -> None:
    """Where arms differ in the task itself, only the gain over doing nothing compares them."""
    if METRICS[study.metric].relative:
        return
    settings = [dotted(arm.settings) for arm in arms]
    for name in (name for name in settings[0] if name.startswith(TASK_SETTINGS)):
        if any(other[name] != settings[0][name] for other in settings):
            relative = ", ".join(metric.name for metric in METRICS.values() if metric.relative)
            fact = f"the arms differ in {name}, which changes the task, so {study.metric} does not compare them"
            raise StudyError(("metric",), f"{fact}; allowed: {relative}")


def _check_gain(study: Study, arms: tuple[Arm, ...]) -> None:
    """Where there is no noise, doing nothing is perfect: no gain over it can be told."""
    for arm in arms:
        if METRICS[study.metric].relative and not arm.settings.data.has_noise:
            fact = f"the arm '{arm.name}' has no noise, so that doing nothing is perfect and has no {study.metric}"
            raise StudyError(("metric",), f"{fact}; allowed: some data.filled or data.noisy, of a density and a value")


def _check_runs(study: Study, arms: tuple[Arm, ...]) -> None:
    """A number of runs that does not suffice for the first look would leave nothing to say."""
    first = study.looks[0].seeds * len(arms)
    if study.runs is not None and study.runs < first:
        fact = f"the first look alone takes {first} runs, {study.looks[0].seeds} of each arm"
        raise StudyError(("runs",), f"{fact} (given: {study.runs}); allowed: {first} or more")
