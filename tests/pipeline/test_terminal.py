"""Printing never stops a sweep, wherever it goes."""

import io
import os
import sys
from pathlib import Path

import pytest

from ablate.pipeline.terminal import ForgivingStream, Terminal


def text_stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def written(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue()


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [
        ("utf-8", "−1 – ∞ Brücke ?\n".encode()),
        ("latin-1", "-1 - ? Brücke ?\n".encode("latin-1")),
        ("ascii", b"-1 - ? Br?cke ?\n"),
    ],
)
def test_what_an_encoding_lacks_is_printed_as_a_hyphen_or_a_question_mark(
    encoding: str, printed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = text_stream(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    Terminal().say("−1 – ∞ Brücke \udcff")
    assert written(stream) == printed


def test_a_pipe_without_a_reader_stops_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as pipe:
        stream = ForgivingStream(pipe)
        print("lost", file=stream, flush=True)
        print("lost, too", file=stream, flush=True)
        assert os.readlink(f"/proc/self/fd/{writer}") == os.devnull


def test_a_terminal_that_was_closed_stops_nothing() -> None:
    window, shell = os.openpty()
    with open(shell, "w") as tty:
        os.close(window)
        print("lost", file=ForgivingStream(tty), flush=True)
        assert os.readlink(f"/proc/self/fd/{shell}") == os.devnull


class FullDisk(io.StringIO):
    """A file on a disk that is full for a while."""

    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_a_log_continues_once_the_disk_is_no_longer_full() -> None:
    log = FullDisk()
    print("lost", file=ForgivingStream(log))
    log.full = False
    print("kept", file=ForgivingStream(log))
    assert log.getvalue() == "kept\n"


def test_no_standard_output_at_all_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    Terminal().say("nobody reads this")


def test_a_file_that_is_named_again_gets_what_is_printed_from_then_on(tmp_path: Path) -> None:
    terminal = Terminal()
    with open(tmp_path / "log", "w+") as log:
        terminal.out.file = log
        terminal.say("here")
        log.seek(0)
        assert log.read() == "here\n"
