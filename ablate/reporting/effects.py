"""The effect of each component over all studies, in dB, largest first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from ablate.reporting.markup.style import COLOURS, WIDTH, mark_beyond, name_rows, padded, report_style, row_places

Headlines = dict[str, Any]
"""What a report's `metrics.json` holds."""


@dataclass(frozen=True)
class Effect:
    """What one change of one study did, in dB: the mean difference, and its interval unless that is infinite.

    `error` is the mean's standard error; `unstable` ones rest on a run that diverged.
    """

    study: str
    arm: str
    against: str
    difference: float
    interval: tuple[float, float] | None
    error: float
    unstable: bool

    @property
    def ends(self) -> list[float]:
        """All places that its bar reaches."""
        return [self.difference, *(self.interval or ())]


def effects(studies: dict[str, Headlines]) -> list[Effect]:
    """Every compared arm of every study, the largest effect first."""
    found = [
        _effect(study, name, arm)
        for study, facts in studies.items()
        for name, arm in facts["arms"].items()
        if "difference" in arm.get("decibels", {})
    ]
    return sorted(found, key=lambda effect: -abs(effect.difference))


def _effect(study: str, name: str, arm: dict[str, Any]) -> Effect:
    decibels = arm["decibels"]
    interval = (decibels["low"], decibels["high"]) if "low" in decibels else None
    error = decibels.get("difference_sd", math.nan) / math.sqrt(decibels["pairs"])
    unstable = interval is not None and "smallest_margin" not in decibels
    return Effect(study, name, arm["against"], decibels["difference"], interval, error, unstable)


def effect_limits(effects: Sequence[Effect]) -> tuple[float, float]:
    """The scale: zero, and all of every effect that rests on no diverged run."""
    steady = [effect for effect in effects if not effect.unstable] or effects
    return padded([0.0, *(end for effect in steady for end in effect.ends)])


def effects_figure(effects: Sequence[Effect]) -> Figure | None:
    """One row per effect, a colour per study; None where there is none yet."""
    if not effects:
        return None
    studies = list(dict.fromkeys(effect.study for effect in effects))
    limits = effect_limits(effects)
    names = [f"{effect.study}: {effect.arm}" for effect in effects]
    with report_style():
        places = row_places(names, 32)
        figure = Figure(figsize=(WIDTH, 0.7 + places[-1]), layout="constrained")
        axes = figure.subplots()
        axes.axvline(0, color="0.5", linewidth=0.8)
        for height, effect in zip(places, effects, strict=False):
            colour = COLOURS[studies.index(effect.study) % len(COLOURS)]
            if effect.interval:
                axes.plot(effect.interval, [height, height], color=colour, linewidth=2)
            mark_beyond(axes, height, effect.ends, limits, colour)
            axes.plot(effect.difference, height, "o", color=colour, markersize=6)
        axes.grid(axis="x", color="0.92")
        axes.set_axisbelow(True)
        name_rows(axes, names, places, 32)
        axes.set_xlim(limits)
        axes.set_xlabel("difference in PSNR from the study's reference, dB (right is better)")
    return figure
