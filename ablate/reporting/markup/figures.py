"""A figure of a report: its name, its place in the page, its caption and its drawing, kept together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ablate.reporting.markup.document import Block, Picture, Section
from ablate.reporting.markup.svg import svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PageT = TypeVar("PageT")


@dataclass(frozen=True)
class ReportFigure(Generic[PageT]):
    """A figure of a kind of page.

    Attributes:
        name: of its file, and of the element in the page.
        section: the title of the section that shows it.
        alternative: a description for readers who cannot see it.
        caption: what its marks mean.
        draw: makes the drawing; None if there is nothing to show.
    """

    name: str
    section: str
    alternative: Callable[[PageT], str]
    caption: Callable[[PageT], str]
    draw: Callable[[PageT], Figure | None]

    def picture(self, page: PageT) -> Picture:
        """The block that shows it in the page."""
        return Picture(self.name, self.alternative(page), self.caption(page))


class Pictures:
    """Marks where among the blocks of a section its figures go; without this mark they go to its end."""


def make_section(
    title: str, blocks: Iterable[Block | Pictures], figures: Iterable[ReportFigure[PageT]], page: PageT
) -> Section:
    """A section of these blocks and of the figures that belong to it."""
    pictures = [figure.picture(page) for figure in figures if figure.section == title]
    placed: list[Block] = []
    for block in (*blocks, Pictures()):
        if isinstance(block, Pictures):
            placed, pictures = [*placed, *pictures], []
        else:
            placed.append(block)
    return Section(title, tuple(placed))


def draw_all(figures: Iterable[ReportFigure[PageT]], page: PageT) -> dict[str, str]:
    """Every figure of a page as SVG, by its name; figures with nothing to show are left out."""
    drawn = {figure.name: figure.draw(page) for figure in figures}
    return {name: svg(figure, name) for name, figure in drawn.items() if figure is not None}
