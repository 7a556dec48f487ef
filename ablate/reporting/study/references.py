"""Reference points: what doing nothing, a constant prediction and well-known methods reach on the same images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ablate.data.references import MAX_VALIDATION, METHODS
from ablate.metrics import METRICS, psnr
from ablate.records.tables import with_all_metrics
from ablate.reporting.markup.document import Block, Column, paragraph, table
from ablate.reporting.markup.numbers import format_fixed, format_signed
from ablate.reporting.markup.words import MAX_NAMED, join_names, join_words
from ablate.reporting.study.model import Page, constant_prediction


class Point(NamedTuple):
    """A method on a page: its PSNR, its gain over doing nothing in dB, and its parameters in words."""

    title: str
    psnr: float
    gain: float
    parameters: str


def reference_points(page: Page) -> dict[str, Point]:
    """The methods by their names; empty where arms differ in the task, or where the data have none."""
    found = list(page.data.references.values())
    scores = with_all_metrics(page.data.runs)["nothing/psnr"].dropna().unique().tolist()
    if not found or any(other != found[0] for other in found) or len(scores) != 1:
        return {}
    (nothing,) = scores
    points = {name: psnr(reference.mse) for name, reference in found[0].items()}
    words = {
        name: ", ".join(f"{key} {value}" for key, value in reference.parameters.items())
        for name, reference in found[0].items()
    }
    return {name: Point(METHODS[name].title, value, value - nothing, words[name]) for name, value in points.items()}


def baselines(page: Page) -> list[Point]:
    """Doing nothing and the constant prediction, as points; empty where arms differ in the task."""
    runs = with_all_metrics(page.data.runs)
    found = {kind: runs[f"{kind}/psnr"].dropna().unique().tolist() for kind in ("nothing", "zero")}
    if any(len(values) != 1 for values in found.values()):
        return []
    (nothing,), (constant,) = found.values()
    titles = {"doing nothing": nothing, f"predicting {constant_prediction(page.study)}": constant}
    return [Point(title, value, value - nothing, "") for title, value in titles.items()]


def lines(page: Page) -> dict[str, float]:
    """The titles of all points and their scores in the study's metric; those that were not computed in it are left out.

    Methods have a pooled MSE, from which PSNR and gain follow.
    """
    score, found = page.metric.score.name, {}
    for point in [*baselines(page), *reference_points(page).values()]:
        values = {"psnr": point.psnr, "gain": point.gain, "mse": 10 ** (-point.psnr / 10)}
        if score in values:
            found[point.title] = values[score]
    return found


def references(page: Page) -> Iterator[Block]:
    """The table of reference points, and how the parameters were chosen."""
    points = reference_points(page)
    if points:
        digits = METRICS["test/psnr"].digits
        columns = [
            Column[Point]("method", lambda point: point.title, number=False),
            Column[Point]("PSNR (dB)", lambda point: format_fixed(point.psnr, digits)),
            Column[Point]("gain (dB)", lambda point: format_signed(point.gain, digits)),
            Column[Point]("parameters", lambda point: point.parameters, number=False),
        ]
        yield table("Reference points", columns, [*baselines(page), *points.values()])
        grids = "; ".join(f"{method.title}: {_grid(name)}" for name, method in METHODS.items())
        yield paragraph(
            "Reference points are methods that need no training, scored on the same test images. Their parameters are "
            f"those with the lowest error on the first {MAX_VALIDATION} validation images (or all, if there are "
            f"fewer), from a grid ({grids}). The PSNR is that of the pooled MSE."
        )


def _grid(name: str) -> str:
    return ", ".join(f"{key} {join_words(list(map(str, values)), 'or')}" for key, values in METHODS[name].grid.items())


def losing_sentences(page: Page) -> Iterator[str]:
    """Which arms lose to a median filter, by the interval of their gain, and of which it is not certain that they win.

    The filter's score is fixed, since its parameters depend on no seed.
    """
    points = reference_points(page)
    if "median" not in points:
        return
    gain, digits = points["median"].gain, METRICS["test/psnr"].digits
    reached = f"a median filter ({format_fixed(points['median'].psnr, digits)} dB)"
    below = [row for row in page.rows if row.level.gain < gain]
    if losing := [row.name for row in below if row.level.gain_high < gain]:
        every = len(losing) == len(page.rows) > 2
        names = f"all {len(losing)} arms" if every else join_names(losing, MAX_NAMED)
        yield f"{reached[0].upper()}{reached[1:]} has a higher PSNR than {names}."
    if doubtful := [row.name for row in below if row.level.gain_high >= gain]:
        verb = "does" if len(doubtful) == 1 else "do"
        yield f"It is not certain that {join_names(doubtful, MAX_NAMED)} {verb} better than {reached}."
