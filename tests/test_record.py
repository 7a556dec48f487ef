import json
import os
import threading
from pathlib import Path

import pytest
from conftest import tiny_run

from ablate.record import Record, write_atomic, write_json
from ablate.settings import RECIPE
from ablate.training.events import Ended, EpochEnded, Failed, Started

RUN = tiny_run()
ROW = {"epoch": 1, "time": 1.0, "train/loss": 0.5}
ENDED = Ended("finished", {"test/psnr": 20.0}, b"weights", b"", {"torch": "2"})


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / ".ablate")


def test_a_run_passes_from_absent_to_finished(record: Record) -> None:
    seen = [record.status(RUN.id)]
    for event in (Started(0, "cpu"), EpochEnded([ROW], b"state"), ENDED):
        record.take(RUN, event)
        seen.append(record.status(RUN.id))
    assert seen == ["absent", "unfinished", "unfinished", "finished"]


def test_the_record_says_what_was_run(record: Record) -> None:
    record.take(RUN, Started(0, "cpu"))
    facts = json.loads((record.folder(RUN.id) / "run.json").read_text())
    assert (facts["id"], facts["seed"], facts["recipe"]) == (RUN.id, 0, RECIPE)
    assert facts["settings"]["model.width"] == 8


def test_an_epoch_is_recorded_with_what_goes_on_from_it(record: Record) -> None:
    record.take(RUN, Started(0, "cpu"))
    record.take(RUN, EpochEnded([ROW], b"state"))
    assert (record.epochs(RUN.id), record.checkpoint(RUN.id)) == ([ROW], b"state")


def test_an_ended_run_keeps_no_checkpoint(record: Record) -> None:
    for event in (Started(0, "cpu"), EpochEnded([ROW], b"state"), ENDED):
        record.take(RUN, event)
    assert record.checkpoint(RUN.id) is None
    assert record.result(RUN.id)["results"] == {"test/psnr": 20.0}


def test_a_failure_is_recorded_and_forgotten_when_the_run_starts_again(record: Record) -> None:
    record.take(RUN, Started(0, "cpu"))
    record.take(RUN, Failed("out of memory", "trace"))
    assert record.status(RUN.id) == "failed"
    assert record.failure(RUN.id)["reason"] == "out of memory"
    record.take(RUN, Started(0, "cpu"))
    assert record.status(RUN.id) == "unfinished"


def test_a_run_began_when_it_was_first_started(record: Record) -> None:
    record.take(RUN, Started(0, "cpu"))
    began = record.began(RUN.id)
    record.take(RUN, Started(1, "cpu"))
    assert record.began(RUN.id) == began


def test_a_crash_while_the_result_is_written_leaves_the_run_unfinished(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.take(RUN, Started(0, "cpu"))
    record.take(RUN, EpochEnded([ROW], b"state"))
    replace = os.replace

    def crash_at_the_result(source: Path, target: Path) -> None:
        if target.name == "result.json":
            raise OSError("power cut")
        replace(source, target)

    monkeypatch.setattr(os, "replace", crash_at_the_result)
    with pytest.raises(OSError, match="power cut"):
        record.take(RUN, ENDED)
    assert record.status(RUN.id) == "unfinished"
    assert record.checkpoint(RUN.id) == b"state"


def test_a_crash_while_a_file_is_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def crash(descriptor: int) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="power cut"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"


def test_what_is_no_json_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "file.json", {"loss": float("nan")})


def test_a_second_sweep_waits_for_the_first(record: Record) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with Record(record.root).only_writer(on_wait=waiting.set):
            order.append("second")

    with record.only_writer(on_wait=lambda: order.append("never")):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(timeout=30)
        order.append("first")
    thread.join(timeout=30)
    assert order == ["first", "second"]
