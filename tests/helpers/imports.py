"""The modules that a module imports, directly or not, found in the source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.helpers.committed import ROOT


def imported(name: str, *, typing: bool = True) -> set[str]:
    """List our modules that a module imports, also inside functions; `typing` includes those only for annotations."""
    found = set()
    for node in _nodes([ast.parse(_path(name).read_text())], typing=typing):
        names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias}" for alias in names)]
        found |= {module for module in names if module.startswith("ablate.") and is_module(module)}
    return found


def _nodes(nodes: Iterable[ast.AST], *, typing: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif typing or not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            yield from _nodes(ast.iter_child_nodes(node), typing=typing)


def closure(*names: str) -> set[str]:
    """List all modules that run when these are imported and used, with the packages that they are in."""
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            packages = [name.rsplit(".", depth)[0] for depth in range(1, name.count("."))]
            waiting += [*imported(name, typing=False), *packages]
    return seen


def is_module(name: str) -> bool:
    """Whether a name is that of a module or package, rather than of something inside one."""
    return _path(name).exists()


def file_of(name: str) -> str:
    """The path of a module's file, relative to the repository."""
    return str(_path(name).relative_to(ROOT))


def _path(name: str) -> Path:
    path = ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
