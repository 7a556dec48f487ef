"""Names in sentences."""

import pytest

from ablate.reporting.markup.words import join_names, join_words, quote_name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("heads=4", "heads=4"),
        ("mlp_ratio=4.25", "mlp_ratio=4.25"),
        ("depth=1, skip=none", '"depth=1, skip=none"'),
        ("none (notebook)", '"none (notebook)"'),
        ("with", '"with"'),
        ("a,b=c", '"a,b=c"'),
    ],
)
def test_a_name_that_could_be_read_as_other_words_is_quoted(name: str, text: str) -> None:
    assert quote_name(name) == text


def test_lists_read_as_sentences() -> None:
    assert [join_words(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (3, "a=1, b=1 and c=1"),
        (4, "a=1, b=1, c=1 and d=1"),
        (5, "a=1, b=1, c=1 and 2 others"),
        (7, "a=1, b=1, c=1 and 4 others"),
    ],
)
def test_of_many_names_the_rest_is_counted_unless_that_is_a_single_one(count: int, text: str) -> None:
    assert join_names([f"{letter}=1" for letter in "abcdefg"[:count]], 3) == text
