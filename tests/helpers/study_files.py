"""Texts of valid study files, and ways to change them."""

from pathlib import Path

AXES = """\
question: Does it matter?
vary: {model.heads: [2, 4]}
reference: {model.heads: 4}
seeds: 3
margin: 0.25
"""

NAMED = """\
question: Does it matter?
arms:
  one: {}
  two: {model.heads: 2}
reference: one
seeds: 3
margin: 0.25
"""


def axes(old: str = "", new: str = "", *, more: str = "", text: str = AXES) -> str:
    """A valid study with a part replaced, and lines added."""
    assert old in text
    return text.replace(old, new, 1) + more


def named(old: str = "", new: str = "", *, more: str = "") -> str:
    return axes(old, new, more=more, text=NAMED)


GRID = """\
question: Does it matter?
vary: {model.heads: [2, 4], model.depth: [6, 12]}
reference: {model.heads: 4}
seeds: 3
margin: 0.25
expect:
  - {arm: {model.heads: 2, model.depth: 6}, verdict: worse}
"""


def claiming(old: str, new: str, *, more: str = "") -> str:
    return axes(old, new, more=more, text=GRID)


def written(folder: Path, text: str) -> tuple[Path, str]:
    """Write a study file; return its path, and the place that `¦` marks as `file:line:column`."""
    before = text.split("¦")[0]
    path = folder / "study.yaml"
    path.write_text(text.replace("¦", ""))
    return path, f"{path}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
