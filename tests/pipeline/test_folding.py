"""Texts in a narrow terminal: lines end between words, nothing is lost, and only longer words are broken."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from ablate.pipeline.folding import WORD_ENDS, Folded, fold, longest_word

TEXTS = st.text(st.sampled_from("ab1 ,,==_.-深é"), max_size=60)


def without_space(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.integers(1, 40))
def test_nothing_is_lost_or_added_but_white_space(text: str, width: int) -> None:
    assert without_space(fold(text, width)) == without_space(text)


@given(TEXTS, st.integers(2, 40))
def test_no_line_is_longer_than_the_terminal(text: str, width: int) -> None:
    assert all(cell_len(line) <= width for line in fold(text, width).split("\n"))


@given(TEXTS, st.integers(0, 10))
def test_where_the_longest_word_fits_lines_end_only_after_white_space_and_commas(text: str, more: int) -> None:
    words = [word.rstrip() for word in WORD_ENDS.split(text)]
    lines = fold(text, longest_word(text) + more).split("\n")
    ends = [without_space("".join(words[: index + 1])) for index in range(len(words))]
    for index in range(len(lines)):
        assert without_space("".join(lines[: index + 1])) in ends


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("depth=4, skip=both", "depth=4,\nskip=both"),
        ("depth=4,skip=both", "depth=4,\nskip=both"),
        ("171,317", "171,\n317"),
        ("position=learned", "position=\nlearned"),
        ("learned_position", "learned_\nposition"),
        ("abcdefghijklm", "abcdefghijk\nlm"),
    ],
)
def test_lines_end_where_a_reader_would_break_them(text: str, folded: str) -> None:
    assert fold(text, 11 if len(text) > 7 else 4) == folded


def test_a_number_has_no_place_to_break_unless_it_is_longer_than_the_line() -> None:
    assert longest_word("171,317 images") == len("171,317")


def test_rich_prints_a_folded_text_as_wide_as_its_longest_line() -> None:
    narrow = Console(file=io.StringIO(), width=12)
    assert narrow.measure(Folded("depth=4,skip=both\na")) == (9, 12)
    narrow.print(Folded("depth=4,skip=both"))
    assert isinstance(narrow.file, io.StringIO)
    assert narrow.file.getvalue() == "depth=4,\nskip=both\n"
