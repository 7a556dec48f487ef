"""The client for a served network, from the page that shows it."""

from __future__ import annotations

import re
from typing import Any

from tests.helpers.committed import ROOT


def client_source() -> str:
    """The block of Python on the page that has the client."""
    page = (ROOT / "docs" / "denoise.md").read_text()
    blocks: list[str] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return next(block for block in blocks if "def denoise" in block)


def page_client() -> dict[str, Any]:
    """Its names: `ask` sends tiles to the server, and `denoise` a picture."""
    names: dict[str, Any] = {}
    exec(client_source(), names)
    return names
