"""Python processes that this one starts. Each is a real one."""

import os
import subprocess
from pathlib import Path

import pytest

from ablate.errors import AblateError
from ablate.executors.processes import naming_limits, start_python


def printed(program: str) -> str:
    with start_python(program, stdout=subprocess.PIPE) as process:
        return process.communicate()[0].decode().strip()


def test_neither_it_nor_what_it_starts_imports_a_file_of_the_current_folder(workplace: Path) -> None:
    for name in ("queue", "signal", "socket", "pickle", "numpy", "ablate"):
        (workplace / f"{name}.py").write_text("print('a file of the current folder was executed')")
    again = "import subprocess; print(subprocess.run([sys.executable, '-c', 'import queue, signal'], check=True))"
    program = f"import queue, signal, socket, pickle, numpy; from ablate.settings import Run\n{again}"
    assert "executed" not in (shown := printed(program))
    assert shown.endswith("returncode=0)")


def test_linear_algebra_starts_no_threads_whatever_the_user_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "4")
    assert (
        printed("import os, numpy, torch; print(len(os.listdir('/proc/self/task')), torch.get_num_threads())") == "1 1"
    )


def test_a_limit_on_processes_or_threads_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, os.strerror(11))

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(AblateError, match="the limit on processes and threads"):
        start_python("")
    with pytest.raises(AblateError, match="the limit on processes and threads"), naming_limits():
        raise RuntimeError("can't start new thread")


def test_other_errors_of_the_program_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="something else"), naming_limits():
        raise RuntimeError("something else")
