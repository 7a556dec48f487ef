"""Execute the files of a user's own parts, from their texts, and list what they register.

The modules are named by the digest of the texts: two studies in one process that have different parts of one name do
not meet, and a worker executes the texts that it was sent, whatever the files on its disk have become.
"""

from __future__ import annotations

import builtins
import linecache
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from ablate.errors import AblateError
from ablate.variants.files import Files, PartError, PartFile, digest

Made = TypeVar("Made", bound=Callable[..., Any])


class Registered(NamedTuple):
    """A part that a file registers.

    Attributes:
        place: the setting that it is a choice of, such as `model.attention`.
        name: what the choice is called.
        make: the class or the function.
        settings: the model of its own settings, if it has any.
        file, line: where it is registered.
    """

    place: str
    name: str
    make: Callable[..., Any]
    settings: type[BaseModel] | None
    file: str
    line: int


_found: ContextVar[list[Registered] | None] = ContextVar("_found", default=None)
"""What the files that are being executed have registered so far; None while none is executed."""


def variant(place: str, name: str, *, settings: type[BaseModel] | None = None) -> Callable[[Made], Made]:
    """Register a class or function as a choice of a setting, for the studies whose `variants` list its file.

    The class or function takes what the built-in choices of that setting take. Elsewhere, as in a notebook that
    imports the file, this changes nothing.

    Args:
        place: the setting, such as `model.attention`.
        name: what the choice is called in studies.
        settings: a model of the part's own settings, each with a default. In studies they are called
            `parts.NAME.SETTING`, and the part gets them as the keyword `settings`.

    Examples:
        >>> import ablate
        >>> from torch import nn
        >>> @ablate.variant("model.position", "nothing")
        ... class Nothing(nn.Identity):
        ...     def __init__(self, config: ablate.ModelConfig) -> None:
        ...         super().__init__()
    """
    caller = sys._getframe(1)
    file, line = caller.f_code.co_filename.partition(" ")[0], caller.f_lineno

    def register(make: Made) -> Made:
        found = _found.get()
        if found is not None:
            found.append(Registered(place, name, make, settings, file, line))
        return make

    return register


@lru_cache(maxsize=64)
def execute(files: Files) -> tuple[Registered, ...]:
    """Execute files and return what they register, in the order in which that happened.

    Raises:
        PartError: an exception in one of them.
    """
    found: list[Registered] = []
    token = _found.set(found)
    try:
        modules = _Modules(files)
        for file in files:
            with pointing_at(files):
                modules.load(file.module)
    finally:
        _found.reset(token)
    return tuple(found)


class _Modules:
    """The modules of one set of files. They import each other by their names, and all else as usual."""

    def __init__(self, files: Files) -> None:
        self.files, self.digest = {file.module: file for file in files}, digest(files)
        self.loaded: dict[str, ModuleType] = {}

    def load(self, name: str) -> ModuleType:
        """The module of this name, which is executed when it is first needed."""
        if name in self.loaded:
            return self.loaded[name]
        file, module = self.files[name], ModuleType(f"{name}@{self.digest}")
        module.__file__ = source_name(file, self.digest)
        lines = file.text.splitlines(keepends=True)
        # without a time, so that tracebacks show the lines that were executed, whatever the file has become
        linecache.cache[module.__file__] = (len(file.text), None, lines, module.__file__)
        module.__dict__["__builtins__"] = vars(builtins) | {"__import__": self._import}
        sys.modules[module.__name__] = module  # pydantic and dataclasses look there for the names in annotations
        self.loaded[name] = module
        exec(compile(file.text, module.__file__, "exec", dont_inherit=True), vars(module))
        return module

    def _import(self, name: str, *rest: Any, **more: Any) -> ModuleType:
        return self.load(name) if name in self.files else builtins.__import__(name, *rest, **more)


def source_name(file: PartFile, of_digest: str) -> str:
    """What tracebacks call a file: its name, and the digest of its text and of those beside it."""
    return f"{file.name} [{of_digest}]"


@contextmanager
def pointing_at(files: Files, default: tuple[str, int] | None = None, doing: str = "") -> Iterator[None]:
    """A context in which an exception becomes an error with the last line of `files` that it passed through.

    `doing` says what failed, where that helps.

    Raises:
        PartError: an exception. One that passed through none of the files, without a `default`, is raised as it is.
    """
    try:
        yield
    except AblateError:
        raise
    except (Exception, SystemExit) as error:
        names = {source_name(file, digest(files)): file.name for file in files}
        passed = [at for at in traceback.extract_tb(error.__traceback__) if at.filename in names]
        places = [(names[at.filename], at.lineno or 1) for at in passed] or ([default] if default else [])
        if not places:
            raise
        file, line = places[-1]
        raise PartError(file, line, f"{doing}{type(error).__name__}: {' '.join(str(error).split())}") from error
