"""Python processes that this one starts.

They run the same copy of `ablate`, installed or not, import no other module from its folder or from the current one,
and start no threads for linear algebra: a worker uses one thread, and a pool for each core would only stand idle.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import ablate
from ablate.errors import AblateError

PACKAGES = str(Path(ablate.__file__).parents[1])

IMPORT_ABLATE = """
import importlib, sys, typing
sys.path.insert(0, sys.argv[1])
import ablate
del sys.path[0]
"""
"""`sys.path` has the folder of this package only while the package is imported."""

NO_LOCAL_MODULES = {"PYTHONSAFEPATH": "1"}
"""With this, Python and the Python processes that it starts import no module from the current folder."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

AT_LIMIT = (
    "the limit on processes and threads is reached, so no more can be started; raise it (`ulimit -u`, or the limit of "
    "the container), or set fewer --workers"
)


def start_python(
    program: str, *words: str, stdout: IO[bytes] | int | None = None, pass_fds: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    """Start a program that may import `ablate`, with `words` as `sys.argv[2:]`.

    Raises:
        AblateError: the system starts no further process.
    """
    command = [sys.executable, "-c", IMPORT_ABLATE + program, PACKAGES, *words]
    environment = os.environ | NO_LOCAL_MODULES | ONE_THREAD
    try:
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, pass_fds=pass_fds)
    except BlockingIOError:
        raise AblateError(AT_LIMIT) from None


@contextmanager
def naming_limits() -> Iterator[None]:
    """A context in which threads are started: a limit on their number becomes an `AblateError`."""
    try:
        yield
    except RuntimeError as error:
        if "can't start new thread" not in str(error):
            raise
        raise AblateError(AT_LIMIT) from None
