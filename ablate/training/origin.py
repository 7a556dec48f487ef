"""What trained a run: the code as it was when it was loaded, and the stretches of epochs if it was not always the same.

A run that was interrupted can be resumed by another version, or on another device. Its environment then has both:
`device: "A100 up to epoch 10, then H100"`.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

UNKNOWN = "unknown"

MAX_CHANGES = 1_000_000
"""Bytes of a diff that are kept."""

NEXT = re.compile(r" up to epoch \d+, then ")


class Code(NamedTuple):
    """The code of a package.

    Attributes:
        commit: of its checkout, with `+` if files are changed; `unknown` if it is not from a checkout.
        source: a digest of its source files.
        changes: the diff of its tracked files against the commit.
        version: of the installed package; `unknown` if none is installed.
    """

    commit: str
    source: str
    changes: str = ""
    version: str = UNKNOWN


def read_code(package: Path) -> Code:
    """Read the code of a package as it is now, with git where it is in a checkout."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(package), *words]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode(errors="replace")

    source, installed = _digest(package), _installed_version()
    try:
        # fails for a wheel that is installed inside some other repository, whose commit says nothing about this code
        git("ls-files", "--error-unmatch", "__init__.py")
        commit = git("rev-parse", "--short=12", "HEAD").strip()
        if not git("status", "--porcelain", "--", "."):
            return Code(commit, source, version=installed)
        changes = _cut(git("diff", "--no-ext-diff", "--no-textconv", "HEAD", "--", "."))
        return Code(f"{commit}+", source, changes, installed)
    except (OSError, subprocess.CalledProcessError):
        return Code(UNKNOWN, source, version=installed)


def _installed_version() -> str:
    try:
        return version("ablate")
    except PackageNotFoundError:  # it was sent here, and not installed
        return UNKNOWN


def _digest(package: Path) -> str:
    files = sorted(path for path in package.rglob("[!.]*.py") if path.is_file())  # not the lock files of editors
    facts = [f"{path.relative_to(package)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:8]


def _cut(changes: str) -> str:
    """The first part of a diff that is too large, with a last line that says so."""
    if len(changes.encode()) <= MAX_CHANGES:
        return changes
    note = f"\n# Cut off here: the diff has more than {MAX_CHANGES:,} bytes.\n"
    return changes.encode()[: MAX_CHANGES - len(note)].decode(errors="ignore") + note


class Stretch(TypedDict):
    """Consecutive epochs that were trained in the same environment: the last of them, and the environment."""

    until: int
    environment: dict[str, Any]


def join_stretches(stretches: Sequence[Stretch]) -> dict[str, Any]:
    """The environment of a run; a value that is not the same in all stretches is a text that says where it changed.

    >>> first, second = {"python": "3.11", "threads": 1}, {"python": "3.12", "threads": 1}
    >>> join_stretches([{"until": 2, "environment": first}, {"until": 3, "environment": second}])
    {'python': '3.11 up to epoch 2, then 3.12', 'threads': 1}
    """
    names = dict.fromkeys(name for stretch in reversed(stretches) for name in stretch["environment"])
    return {name: _join([s for s in stretches if name in s["environment"]], name) for name in names}


def _join(stretches: Iterable[Stretch], name: str) -> Any:
    values: list[tuple[Any, int]] = []
    for stretch in stretches:
        value = stretch["environment"][name]
        if values and values[-1][0] == value:
            values.pop()
        values.append((value, stretch["until"]))
    *earlier, (last, _) = values
    return "".join(f"{value} up to epoch {until}, then " for value, until in earlier) + str(last) if earlier else last


def split_stretches(text: str) -> list[str]:
    """The values that a run had in turn, from one of the texts of `join_stretches`.

    >>> split_stretches("A100 up to epoch 2, then H100")
    ['A100', 'H100']
    """
    return NEXT.split(text)


def continues(stretches: Sequence[Stretch], environment: Mapping[str, Any], until: int) -> list[Stretch]:
    """The stretches of a run that was trained in this environment after them, up to the epoch `until`."""
    same = bool(stretches) and stretches[-1]["environment"] == environment
    earlier = list(stretches[:-1] if same else stretches)
    return [*earlier, {"until": until, "environment": dict(environment)}]
