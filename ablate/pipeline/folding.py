"""Wraps texts in a narrow terminal between words: the names of arms and runs, in which a comma ends a word too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.text import Text

WORD_ENDS = re.compile(r"(?<=\s)(?=\S)|(?<=,)(?=[^\s\d])")
"""Where a line can end: after white space and after a comma, but not inside `171,317`."""


def longest_word(text: str) -> int:
    """The width that a text needs so that no word is split, in columns."""
    return max(cell_len(word.rstrip()) for word in WORD_ENDS.split(text))


def fold(text: str, width: int) -> str:
    """The same text in lines of at most `width` columns; only a word that is wider than a line is split.

    Examples:
        >>> print(fold("patch=8,position=learned, norm=layer", 18))
        patch=8,
        position=learned,
        norm=layer
        >>> print(fold("filled.density=0.0003", 18))
        filled.density=
        0.0003
    """
    return "\n".join(line.rstrip() for part in text.splitlines() for line in _lines(part, max(width, 1)))


def _lines(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in WORD_ENDS.split(text):
        if cell_len(line + word.rstrip()) > width:
            if line:
                yield line
            *full, word = _break(word, width)
            yield from full
            line = ""
        line += word
    yield line


def _break(word: str, width: int) -> Iterator[str]:
    """Split a word that is wider than a line, if possible after the `=` or `_` of a name."""
    while cell_len(word.rstrip()) > width:
        head = chop_cells(word, width)[0] or word[0]  # a wide character can be wider than a line
        end = (1 + max(head.rfind("="), head.rfind("_"))) or len(head)
        yield word[:end]
        word = word[end:]
    yield word


@dataclass(frozen=True)
class Folded:
    """A text that rich prints as `fold` returns it, in the width that it has there."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield Text(fold(self.text, options.max_width))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest_line = max(map(cell_len, self.text.splitlines()), default=0)
        return Measurement(longest_word(self.text), longest_line).with_maximum(options.max_width)
