"""Compute what a loop needs next while it is busy."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield the same items, each of which is computed in a thread while the one before it is used.

    An exception is raised where its item would be yielded.

    >>> list(ahead(iter([1, 2, 3])))
    [1, 2, 3]
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        upcoming = thread.submit(_next, items)
        while found := upcoming.result():
            upcoming = thread.submit(_next, items)
            yield found[0]


def _next(items: Iterator[T]) -> tuple[T] | None:
    """The next item, as the only one of a tuple; None at the end. StopIteration cannot leave a thread."""
    for item in items:
        return (item,)
    return None
