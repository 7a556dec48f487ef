"""Texts that continue on the next line of a narrow terminal: names of arms and runs are not broken inside a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions
from rich.measure import Measurement
from rich.text import Text

WORD_ENDS = re.compile(r"(?<=\s)(?=\S)|(?<=,)(?=[^\s\d])")
"""Where a line can end: after white space, and after a comma, but not in `171,317`."""


def longest_word(text: str) -> int:
    """The columns that a text needs so that no word is broken."""
    return max(cell_len(word.rstrip()) for word in WORD_ENDS.split(text))


def fold(text: str, width: int) -> str:
    """The same text in lines of at most `width` columns; only a word that is longer than a line is broken.

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
    """Break a word that is longer than a line, if possible after the `=` or `_` of a name."""
    while cell_len(word.rstrip()) > width:
        head = chop_cells(word, width)[0] or word[0]  # a wide character can be wider than a line
        end = (1 + max(head.rfind("="), head.rfind("_"))) or len(head)
        yield word[:end]
        word = word[end:]
    yield word


@dataclass(frozen=True)
class Folded:
    """A text that rich folds as `fold` does, wherever it has too few columns."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield Text(fold(self.text, options.max_width))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest_line = max(map(cell_len, self.text.splitlines()), default=0)
        return Measurement(longest_word(self.text), longest_line).with_maximum(options.max_width)
