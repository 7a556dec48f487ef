"""The colour and the marker of each arm, and the lines of intervals, the same in every figure of a study."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.reporting.markup.style import COLOURS, MARKERS
from ablate.reporting.study.model import Page


@dataclass(frozen=True)
class Style:
    """The colour and the marker of an arm."""

    colour: str
    marker: str


def arm_styles(page: Page) -> dict[str, Style]:
    """References are black, the others take colours in the order of the study.

    When all colours are in use, they start again with the next marker.
    """
    references = [row.name for row in page.rows if not row.comparison]
    others = [row.name for row, _ in page.compared_arms]
    styles = {name: Style("black", MARKERS[index % len(MARKERS)]) for index, name in enumerate(references)}
    for index, name in enumerate(others):
        turn, colour = divmod(index, len(COLOURS))
        styles[name] = Style(COLOURS[colour], MARKERS[turn % len(MARKERS)])
    return styles
