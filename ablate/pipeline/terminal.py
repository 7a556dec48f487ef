"""Where a sweep prints: lines for the user, warnings, and the view of the runs. Printing never stops a sweep."""

from __future__ import annotations

import codecs
import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any, cast

from rich.console import Console

from ablate.pipeline.progress import STOPPED, LiveView, LogView, make_view

DASHES = "−–—"
"""The minus sign and the dashes, for which a hyphen is printed where the terminal's encoding lacks them."""


def _plain(error: UnicodeError) -> tuple[str, int]:
    """One character for each that an encoding lacks, so that columns stay aligned: `-` for a dash, else `?`."""
    assert isinstance(error, UnicodeEncodeError)
    missing = error.object[error.start : error.end]
    return "".join("-" if character in DASHES else "?" for character in missing), error.end


codecs.register_error("ablate.plain", _plain)


class ForgivingStream:
    r"""Standard output or error, without the errors: what cannot be printed is replaced or left out.

    Characters that the encoding lacks are replaced. A pipe whose reader has gone, and a terminal that was closed, are
    replaced by the null device, so that the interpreter's last flush does not fail either. A full disk loses no more
    than what is printed meanwhile, and the first such error is kept in `error`.

    Examples:
        >>> import io, sys
        >>> narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        >>> print("a minus: −1, a name: Brücke", file=ForgivingStream(narrow), flush=True)
        >>> narrow.buffer.getvalue()
        b'a minus: -1, a name: Br?cke\n'
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Write what can be written of a text; returns its length."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        with self._forgiving():
            self._stream.write(text.encode(encoding, "ablate.plain").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Pass on what was written."""
        with self._forgiving():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.EPIPE, errno.EIO):  # nobody will ever read it
                self._discard()
            else:
                self.error = self.error or error

    def _discard(self) -> None:
        """Let everything that is printed from now on go nowhere."""
        null = os.open(os.devnull, os.O_WRONLY)
        with suppress(OSError):  # it has no descriptor, so it does not reach outside this process
            os.dup2(null, self._stream.fileno())
        os.close(null)


class _Console(Console):
    """A console that always prints; in a notebook, a script and at the command line alike."""

    @property
    def file(self) -> IO[str]:
        """The present standard output or error."""
        file = super().file
        return file if isinstance(file, ForgivingStream) else cast(IO[str], ForgivingStream(file))

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        self._file = new_file


def _console(*, stderr: bool = False) -> Console:
    return _Console(stderr=stderr, highlight=False, markup=False)


@dataclass(frozen=True)
class Terminal:
    """Results go to `out`, all else to `err`; in a notebook both appear below the cell."""

    out: Console = field(default_factory=_console)
    err: Console = field(default_factory=lambda: _console(stderr=True))

    def say(self, message: str) -> None:
        """Print a result, or what is being done."""
        self.out.print(message, soft_wrap=True)

    def warn(self, message: str) -> None:
        """Print a line that is not a result."""
        self.err.print(message, soft_wrap=True)

    def say_that_it_waits(self) -> None:
        """Print why nothing happens yet."""
        self.warn("Another sweep is running in this folder; waiting for it.")

    def view(
        self,
        labels: Mapping[str, object],
        expected: Mapping[str, int] | None = None,
        done: Mapping[str, int] | None = None,
        stopped: str = STOPPED,
    ) -> LogView | LiveView:
        """The view of a sweep's runs (`progress.make_view`)."""
        return make_view(self.out, labels, expected or {}, done or {}, stopped)
