"""Whether the scenes on which runs are scored can tell good runs from bad ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ablate.errors import StudyError
from ablate.overrides import check_target
from ablate.settings import Settings

if TYPE_CHECKING:
    from ablate.data.task import Split

CERTAIN = 100.0
"""Shapes that a set of scenes must be expected to have to be certain to have one: the chance of none is exp(-100)."""


def check_sets(settings: Settings) -> None:
    """Raise a StudyError if no run can be judged, since predicting zero is perfect: the scenes have no cells.

    That can be so by their settings, or by chance if there are few scenes.
    """
    if settings.data.source == "images":
        from ablate.data.checks import check_pictures  # not at the top of the file, since it imports NumPy

        check_pictures(settings)
        return
    if settings.data.source != "scenes":  # a source of the user's own, which is tried before it is used
        return
    check_target(settings.data)
    counts: dict[Split, int] = {"test": settings.data.test, "validation": settings.data.validation}
    for split, count in counts.items():
        if _expected(settings, count, settings.data.cells.density) < CERTAIN and _is_blank(settings, split, count):
            scenes = f"all {count} {split} scenes are" if count > 1 else f"the only {split} scene is"
            fact = f"{scenes} blank, so predicting zero is perfect and no run can be judged"
            raise StudyError((f"data.{split}",), f"{fact}; allowed: more scenes, or a higher data.cells.density")


def is_noiseless(settings: Settings) -> bool:
    """Whether no test scene has noise, by its settings or by chance, so that doing nothing is perfect."""
    data = settings.data
    if any(variant.place.startswith("data.") for variant in settings.variants):
        return False
    if not data.has_noise:
        return True
    if data.noises != ("rectangles",) or data.source == "images":
        return _is_noiseless(settings)
    density = sum(part.density for part in (data.filled, data.noisy) if part.value[1])
    if _expected(settings, data.test, density) > CERTAIN:
        return False
    return _is_noiseless(settings)


def _is_noiseless(settings: Settings) -> bool:
    from ablate.data.sources import is_noiseless
    from ablate.data.task import Task

    return is_noiseless(Task.of(settings.model, settings.data), "test", settings.data.test)


def _expected(settings: Settings, count: int, density: float) -> float:
    """How many shapes `count` scenes have on average."""
    height, width = settings.model.image_size
    return count * settings.model.channels * height * width * density


def _is_blank(settings: Settings, split: Split, count: int) -> bool:
    from ablate.data.sources import is_blank  # not at the top of the file, since it imports NumPy
    from ablate.data.task import Task

    return is_blank(Task.of(settings.model, settings.data), split, count)
