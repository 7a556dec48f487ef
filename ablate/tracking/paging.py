"""Reads all pages of what MLflow returns page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def all_pages(search: Callable[..., Any], **options: Any) -> Iterator[Any]:
    """Everything that a search of MLflow's client finds with these options, in order.

    Raises:
        Exception: MLflow's own, for any of the pages.
    """
    token = None
    while True:
        found = search(page_token=token, **options)
        yield from found
        token = found.token
        if not token:
            return
