"""A page as both templates see it: sections of paragraphs, lists, tables and pictures, in plain text.

A document says what a piece of text is: a name to copy, a link, the main word of a row. The templates decide how that
looks and how it is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ablate.reporting.markup.numbers import is_numeric


@dataclass(frozen=True)
class Strong:
    """Text that stands out."""

    text: str


@dataclass(frozen=True)
class Code:
    """Text to type or to copy."""

    text: str


@dataclass(frozen=True)
class Link:
    """Text with a link to an address."""

    text: str
    url: str


Span = str | Strong | Code | Link
Line = tuple[Span, ...]


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    line: Line
    kind = "paragraph"


@dataclass(frozen=True)
class Items:
    """A list."""

    lines: tuple[Line, ...]
    kind = "items"


@dataclass(frozen=True)
class Table:
    """Cells under headings; the first cell of a row is its name. Columns in `numbers` (indices) are right-aligned."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Span, ...], ...]
    numbers: frozenset[int]
    kind = "table"


@dataclass(frozen=True)
class Picture:
    """A figure by its name; `alternative` describes it to readers who cannot see it."""

    name: str
    alternative: str
    caption: str
    kind = "picture"


Block = Paragraph | Items | Table | Picture


@dataclass(frozen=True)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A page; its warnings come first, since they can invalidate the rest."""

    title: str
    question: str
    answer: str
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]

    def without_pictures(self, drawn: Iterable[str]) -> Document:
        """The page without the pictures that had nothing to show and were not `drawn`."""
        names = set(drawn)

        def remove(section: Section) -> Section:
            blocks = (block for block in section.blocks if not isinstance(block, Picture) or block.name in names)
            return Section(section.title, tuple(blocks))

        return Document(self.title, self.question, self.answer, self.warnings, tuple(map(remove, self.sections)))


def paragraph(*spans: Span) -> Paragraph:
    """A paragraph of these spans."""
    return Paragraph(spans)


Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A heading, the cell of each row, and whether the cells are numbers unless some turn out to be text."""

    heading: str
    cell: Callable[[Row], Span]
    number: bool = True


def table(caption: str, columns: Iterable[Column[Row]], rows: Iterable[Row]) -> Table:
    """A table with these columns and a line for each row; columns are right-aligned if they hold only numbers."""
    columns = list(columns)
    lines = tuple(tuple(column.cell(row) for column in columns) for row in rows)
    numbers = frozenset(
        index
        for index, column in enumerate(columns)
        if column.number and all(_is_number(line[index]) for line in lines)
    )
    return Table(caption, tuple(column.heading for column in columns), lines, numbers)


def _is_number(span: Span) -> bool:
    match span:
        case str():
            return is_numeric(span)
        case Strong(text):
            return is_numeric(text)
        case _:
            return False
