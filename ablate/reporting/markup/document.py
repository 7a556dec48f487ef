"""A page as both templates see it: sections of paragraphs, lists, tables and pictures, in plain text.

What a piece of text is (a name to be copied, a link, the point of a row) is said here; how that looks, and how it is
escaped, is the template's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar


@dataclass(frozen=True)
class Strong:
    """Text that stands out."""

    text: str


@dataclass(frozen=True)
class Code:
    """Text to be typed or copied as it is."""

    text: str


@dataclass(frozen=True)
class Link:
    """Text that leads to an address."""

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
    """Cells under headings; the first cell of a row names it, columns in `numbers` (by index) are set flush right."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Span, ...], ...]
    numbers: frozenset[int]
    kind = "table"


@dataclass(frozen=True)
class Picture:
    """A figure by its name; `alternative` says what it shows to those who cannot see it."""

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
    """A page; `warnings` come first, since they may overthrow the rest."""

    title: str
    question: str
    answer: str
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]

    def without_pictures(self, drawn: Iterable[str]) -> Document:
        """The page without those pictures that had nothing to show."""
        names = set(drawn)

        def kept(section: Section) -> Section:
            blocks = (block for block in section.blocks if not isinstance(block, Picture) or block.name in names)
            return Section(section.title, tuple(blocks))

        return Document(self.title, self.question, self.answer, self.warnings, tuple(map(kept, self.sections)))


def paragraph(*spans: Span) -> Paragraph:
    """Running text of these spans."""
    return Paragraph(spans)


Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A heading, what stands under it for a row, and whether that is a number."""

    heading: str
    cell: Callable[[Row], Span]
    number: bool = True


def table(caption: str, columns: Iterable[Column[Row]], rows: Iterable[Row]) -> Table:
    """A table of these columns, a line for each row."""
    columns = list(columns)
    return Table(
        caption,
        tuple(column.heading for column in columns),
        tuple(tuple(column.cell(row) for column in columns) for row in rows),
        frozenset(index for index, column in enumerate(columns) if column.number),
    )
