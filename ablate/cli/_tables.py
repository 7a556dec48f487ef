"""Tables in the terminal. In a narrow one their cells wrap between words; nothing is cut off."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from ablate.pipeline.folding import Folded, longest_word

BORDER = 3
"""The width that a column adds to its text: a space on each side, and a line."""


@dataclass(frozen=True)
class FittingTable:
    """A table whose columns share the width of the terminal so that no word is split, if possible.

    Attributes:
        title: above the table.
        headings: of the columns.
        lines: the cells of each line.
        texts: the headings of the columns of names, which are aligned left; those of numbers are aligned right.
    """

    title: str
    headings: tuple[str, ...]
    lines: Sequence[tuple[str, ...]]
    texts: Collection[str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(title=Text(self.title), title_justify="left")
        room = options.max_width - BORDER * len(self.headings) - 1
        for heading, width in zip(self.headings, self._widths(room), strict=True):
            table.add_column(Folded(heading), justify="left" if heading in self.texts else "right", width=width)
        for line in self.lines:
            table.add_row(*map(Folded, line))
        yield table

    def _widths(self, room: int) -> list[int]:
        """The width of each column: enough for its longest word, then for its cells, then for its heading."""
        columns = list(zip(self.headings, *self.lines, strict=True))
        least = [max(map(longest_word, column)) for column in columns]
        cells = [max(map(cell_len, column[1:]), default=0) for column in columns]
        most = [max(cell_len(column[0]), cell) for column, cell in zip(columns, cells, strict=True)]
        return share_width(room, share_width(room, least, list(map(max, least, cells))), most)


def share_width(room: int, least: Sequence[int], most: Sequence[int]) -> list[int]:
    """Give each column what it needs at least, and share what is left so that the narrow ones get all they can use.

    Args:
        room: the characters of a line that all columns share.
        least: what each column needs. If there is not enough room for all, the widest get less.
        most: what each column can use.

    Examples:
        >>> share_width(40, least=[10, 5, 3], most=[60, 8, 3])
        [29, 8, 3]
        >>> share_width(40, least=[30, 20, 5], most=[60, 20, 5])
        [17, 17, 5]
    """
    if sum(least) > room:
        least, most = [1] * len(least), least

    def widths(level: int) -> list[int]:
        return [max(low, min(high, level)) for low, high in zip(least, most, strict=True)]

    return next((found for level in range(max(most), 1, -1) if sum(found := widths(level)) <= room), widths(1))


def make_table(
    title: str, headings: tuple[str, ...], lines: Iterable[tuple[str, ...]], texts: Collection[str] = ()
) -> FittingTable:
    """A table of names, in the first column and in those headed by `texts`, and of numbers.

    Where the terminal is narrow, cells continue on the next line: nothing is cut off, since names that differ only at
    their ends must stay distinct.
    """
    return FittingTable(title, headings, list(lines), {headings[0], *texts})
