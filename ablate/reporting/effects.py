"""The effect of each component over all studies in dB, largest first, with a list for each metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ablate.metrics import METRICS, Metric
from ablate.reporting.markup.numbers import metric_label
from ablate.reporting.markup.style import (
    COLOURS,
    THICK,
    THIN,
    label_rows,
    make_figure,
    mark_overflow,
    pad_limits,
    report_style,
    row_places,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Headlines = dict[str, Any]
"""The content of a report's `metrics.json`."""

MAX_EFFECTS = 30
"""Effects of one study that are shown among those of all studies; its own page has all of them."""

LABEL_WIDTH = 32
"""Letters on one line of an effect's name."""


@dataclass(frozen=True)
class Effect:
    """The effect of one change in one study, in dB.

    Attributes:
        metric: what the effect is measured by: effects of different metrics cannot be compared.
        difference: the mean difference; `error` is its standard error.
        interval: of the difference; None where it is infinite.
        inner: its inner interval; None where it is infinite, and for reports of older versions.
        bad_runs: of the arm and of its reference together, among `runs` with a score: diverged, or without learning.
    """

    metric: Metric
    study: str
    arm: str
    against: str
    difference: float
    interval: tuple[float, float] | None
    inner: tuple[float, float] | None
    error: float
    bad_runs: int
    runs: int

    @property
    def ends(self) -> list[float]:
        """All values that its bar shows."""
        return [self.difference, *(self.interval or ())]


def effects(studies: dict[str, Headlines]) -> dict[Metric, list[Effect]]:
    """The `MAX_EFFECTS` largest effects of each study by their metric, the largest effect first."""
    order = list(METRICS.values())
    every = [effect for study, facts in studies.items() for effect in _largest_effects(study, facts)]
    every.sort(key=lambda effect: (order.index(effect.metric), -abs(effect.difference)))
    return {metric: list(found) for metric, found in groupby(every, lambda effect: effect.metric)}


def compared_arms(facts: Headlines) -> list[str]:
    """The arms of a study that have an effect."""
    return [name for name, arm in facts["arms"].items() if "difference" in arm.get("decibels", {})]


def _largest_effects(study: str, facts: Headlines) -> list[Effect]:
    found = [_effect(study, name, facts) for name in compared_arms(facts)]
    return sorted(found, key=lambda effect: -abs(effect.difference))[:MAX_EFFECTS]


def measure_of(study_metric: Metric) -> Metric:
    """What the effects of a study are measured by, in dB.

    For a study judged by a gain, that is the gain: its arms can differ in the task, so their PSNRs do not compare. For
    all others it is the PSNR of the same weights, of which a difference in gain is a difference too.
    """
    gain = study_metric.gain
    return gain if study_metric.is_relative else METRICS[f"{gain.kind}/{gain.score.above_nothing}"]


def _effect(study: str, name: str, facts: Headlines) -> Effect:
    arm = facts["arms"][name]
    decibels, reference = arm["decibels"], facts["arms"][arm["against"]]
    return Effect(
        metric=measure_of(METRICS[facts["metric"]]),
        study=study,
        arm=name,
        against=arm["against"],
        difference=decibels["difference"],
        interval=(decibels["low"], decibels["high"]) if "low" in decibels else None,
        inner=(decibels["inner_low"], decibels["inner_high"]) if "inner_low" in decibels else None,
        error=decibels.get("difference_sd", math.nan) / math.sqrt(decibels["pairs"]),
        # an older version wrote no `learned_nothing`
        bad_runs=sum(one["diverged"] + one.get("learned_nothing", 0) for one in (arm, reference)),
        runs=arm["seeds"] + reference["seeds"],
    )


def effect_limits(effects: Sequence[Effect]) -> tuple[float, float]:
    """The limits of the scale: zero, and all effects without bad runs."""
    steady = [effect for effect in effects if not effect.bad_runs] or effects
    return pad_limits([0.0, *(end for effect in steady for end in effect.ends)])


def effects_figure(effects: dict[Metric, list[Effect]]) -> Figure | None:
    """Draw a panel per metric with a row per effect and a colour per study; None if there are no effects yet."""
    if not effects:
        return None
    studies = list(dict.fromkeys(effect.study for found in effects.values() for effect in found))
    places = {metric: row_places(_names(found), LABEL_WIDTH) for metric, found in effects.items()}
    with report_style():
        heights = [0.7 + ends[-1] for ends in places.values()]
        figure = make_figure(sum(heights))
        grid = figure.subplots(len(effects), 1, squeeze=False, height_ratios=heights)[:, 0]
        for axes, (metric, found) in zip(grid, effects.items(), strict=True):
            colours = [COLOURS[studies.index(effect.study) % len(COLOURS)] for effect in found]
            _draw(axes, metric, found, places[metric], colours)
    return figure


def _names(effects: Sequence[Effect]) -> list[str]:
    marks = [" (bad runs)" if effect.bad_runs else "" for effect in effects]
    return [f"{effect.study}: {effect.arm}{mark}" for effect, mark in zip(effects, marks, strict=True)]


def _draw(axes: Axes, metric: Metric, effects: list[Effect], places: list[float], colours: list[str]) -> None:
    limits = effect_limits(effects)
    axes.axvline(0, color="0.5", linewidth=0.8)
    for height, effect, colour in zip(places, effects, colours, strict=False):
        for interval, width in ((effect.interval, THIN), (effect.inner, THICK)):
            if interval:
                axes.plot(interval, [height, height], color=colour, linewidth=width, solid_capstyle="butt")
        mark_overflow(axes, height, effect.ends, limits, colour)
        inside = "white" if effect.bad_runs else colour
        axes.plot(effect.difference, height, "o", color=colour, markerfacecolor=inside, markersize=6)
    axes.grid(axis="x", color="0.92")
    axes.set_axisbelow(True)
    label_rows(axes, _names(effects), places, LABEL_WIDTH)
    axes.set_xlim(limits)
    axes.set_xlabel(f"difference in {metric_label(metric)}; right is better")
