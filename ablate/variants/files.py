"""The files of a user's own parts: their texts, and what they may import.

The texts are read once, when a study is loaded, and travel with its runs. All that follows uses these texts and never
the files again.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from ablate.errors import AblateError, StudyError, quote

NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,99}\.py$"
MAX_BYTES = 1_000_000


class PartFile(NamedTuple):
    """A file of parts: its name, and its text."""

    name: str
    text: str

    @property
    def module(self) -> str:
        """The name by which the other files import it."""
        return self.name.removesuffix(".py")


Files = tuple[PartFile, ...]
"""The files that a study lists, in the order of their names."""


class PartError(AblateError):
    """Something is wrong with a user's own part.

    Attributes:
        file: the name of its file.
        line: the line of that file, from 1.
        fact: what is wrong, without the place.
    """

    def __init__(self, file: str, line: int, fact: str, folder: Path | None = None) -> None:
        self.file, self.line, self.fact = file, line, fact
        super().__init__(f"{folder / file if folder else file}:{line}: {fact}")

    def inside(self, folder: Path | None) -> PartError:
        """The same error with the folder of the file."""
        return PartError(self.file, self.line, self.fact, folder)


def digest(files: Files) -> str:
    """A digest of the names and the texts of files, in 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]


def read_files(names: Sequence[str], folder: Path) -> Files:
    """Read the files that a study lists, and check what they import. Nothing is executed.

    Raises:
        StudyError: a name is not allowed, or a file does not exist; its path begins with `variants`.
        PartError: a file is not Python, or imports something that is neither installed nor listed.
    """
    for index, name in enumerate(names):
        _check_name(name, names[:index], ("variants", index))
    files = tuple(PartFile(name, _read(folder / name, index)) for index, name in enumerate(names))
    for file in files:
        _check_imports(file, {other.module for other in files}, folder)
    return tuple(sorted(files))


def _check_name(name: object, earlier: Sequence[str], path: tuple[str, int]) -> None:
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        rule = "must be the name of a Python file beside the study, such as my_parts.py"
        raise StudyError(path, f"variants: {rule} (given: {quote(name)})")
    if name in earlier:
        raise StudyError(path, f"variants: the file {quote(name)} is listed twice")


def _read(path: Path, index: int) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        fact = f"{path} cannot be read: {(error.strerror or str(error)).lower()}"
        raise StudyError(("variants", index), f"variants: {fact}") from None
    if len(raw) > MAX_BYTES:
        fact = f"{path} is too large: {len(raw):,} bytes; allowed: {MAX_BYTES:,}"
        raise StudyError(("variants", index), f"variants: {fact}")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise PartError(path.name, 1, f"byte {error.start} is not UTF-8", path.parent) from None


def _check_imports(file: PartFile, listed: set[str], folder: Path) -> None:
    """Check every import statement of a file, also those inside functions."""
    try:
        tree = ast.parse(file.text)
    except (SyntaxError, ValueError) as error:
        line = (error.lineno if isinstance(error, SyntaxError) else None) or 1
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise PartError(file.name, line, f"not valid Python: {what}", folder) from None
    if file.module in sys.stdlib_module_names or _is_installed(file.module, folder):
        fact = f"an installed package is called {file.module}, too, so the file needs another name"
        raise PartError(file.name, 1, fact, folder)
    for name, line in _imports(tree):
        if name not in listed and name not in sys.stdlib_module_names and not _is_installed(name, folder):
            fact = f"imports {quote(name)}; allowed: installed packages, and files that `variants` lists"
            raise PartError(file.name, line, fact, folder)


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The first name of each module that is imported, and the line; a relative import begins with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "").split(".")[0], node.lineno


def _is_installed(name: str, folder: Path) -> bool:
    """Whether a package is found elsewhere than in the study's folder or the current one, where no worker looks."""
    if name == "ablate":
        return True
    if not name.isidentifier() or name == "__main__":
        return False
    spec = find_spec(name)
    if spec is None:
        return False
    places = spec.submodule_search_locations or [spec.origin or ""]
    return not {Path(place).resolve().parent for place in places} & {folder.resolve(), Path.cwd()}
