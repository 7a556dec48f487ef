"""Names in sentences: quoted unless they are settings, and counted where there are many."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_NAMED = 3
"""Names in one sentence, before it counts the rest."""


def quote_name(name: str) -> str:
    """A name in a sentence: `heads=4` as it is, all others in quotes, since they could be read as other words."""
    return name if re.fullmatch(r"[\w.]+=[\w.+-]+", name) else f'"{name}"'


def join_words(words: Sequence[str], conjunction: str = "and") -> str:
    """`a, b and c`."""
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}" if len(words) > 1 else words[0]


def join_names(names: Sequence[str], maximum: int | None = None) -> str:
    """Names in a sentence: `heads=1, "no skips" and heads=8`; beyond `maximum` names, the rest as a number.

    A rest of one name is named too, since counting it would save nothing.
    """
    quoted = list(map(quote_name, names))
    if maximum is None or len(names) <= maximum + 1:
        return join_words(quoted)
    return join_words([*quoted[:maximum], f"{len(names) - maximum} others"])
