import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.records.record import CHECKSUMMED_FILES, Record
from ablate.settings import RECIPE
from ablate.training.events import Ended, EpochEnded, Failed, Started
from tests.helpers.stored import failure_of, result_of
from tests.helpers.tiny import tiny_run

RUN = tiny_run()
ROW = {"epoch": 1, "time": 1.0, "train/loss": 0.5}
ENDED = Ended("finished", {"test/psnr": 20.0}, b"weights", b"arrays", {"torch": "2"}, [ROW])


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / ".ablate")


def test_a_run_passes_from_absent_to_finished(record: Record) -> None:
    seen = [record.status(RUN.id)]
    for event in (Started(0, "cpu"), EpochEnded([ROW], b"state"), ENDED):
        record.write_event(RUN, event)
        seen.append(record.status(RUN.id))
    assert seen == ["absent", "unfinished", "unfinished", "finished"]


def test_the_record_has_the_id_recipe_seed_and_settings_of_a_run(record: Record) -> None:
    record.write_event(RUN, Started(0, "cpu"))
    facts = json.loads((record.folder(RUN.id) / "run.json").read_text())
    assert (facts["id"], facts["seed"], facts["recipe"]) == (RUN.id, 0, RECIPE)
    assert facts["settings"]["model.width"] == 8


def test_an_epoch_is_recorded_with_its_checkpoint(record: Record) -> None:
    record.write_event(RUN, Started(0, "cpu"))
    record.write_event(RUN, EpochEnded([ROW], b"state"))
    assert (record.epochs(RUN.id), record.checkpoint(RUN.id)) == ([ROW], b"state")


def test_an_ended_run_keeps_no_checkpoint(record: Record) -> None:
    for event in (Started(0, "cpu"), EpochEnded([ROW], b"state"), ENDED):
        record.write_event(RUN, event)
    assert record.checkpoint(RUN.id) is None
    assert result_of(record, RUN.id).results == {"test/psnr": 20.0}


def test_a_run_that_timed_out_has_its_own_status_and_is_retried_like_a_failed_one(record: Record) -> None:
    record.write_event(RUN, Started(0, "cpu"))
    record.write_event(RUN, Failed("took too long", status="timed out"))
    assert record.status(RUN.id) == "timed out"
    assert (record.needs_training(RUN.id), record.needs_training(RUN.id, retry_failed=True)) == (False, True)


def test_a_run_that_is_set_aside_has_its_own_status_and_is_retried_like_a_failed_one(record: Record) -> None:
    end_run(record)
    record.invalidate(RUN, "without test/mae; its weights are gone")
    assert record.status(RUN.id) == "set aside"
    assert not record.needs_training(RUN.id)
    assert record.needs_training(RUN.id, retry_failed=True)


def test_a_failure_is_recorded_and_forgotten_when_the_run_starts_again(record: Record) -> None:
    record.write_event(RUN, Started(0, "cpu"))
    record.write_event(RUN, Failed("out of memory", "trace"))
    assert record.status(RUN.id) == "failed"
    assert failure_of(record, RUN.id).reason == "out of memory"
    record.write_event(RUN, Started(0, "cpu"))
    assert record.status(RUN.id) == "unfinished"


def test_an_interrupted_retry_resumes_with_and_without_retry_failed(record: Record) -> None:
    """The run counts as unfinished again, and is still one of those that `--retry-failed` trains."""
    record.write_event(RUN, Started(0, "cpu"))
    record.write_event(RUN, Failed("out of memory", "trace"))
    record.write_event(RUN, Started(0, "cpu"))
    assert (record.needs_training(RUN.id), record.needs_training(RUN.id, retry_failed=True)) == (True, True)
    record.write_event(RUN, Failed("again"))
    assert record.status(RUN.id) == "failed"
    assert (record.needs_training(RUN.id), record.needs_training(RUN.id, retry_failed=True)) == (False, True)


def test_a_run_began_when_it_was_first_started_or_when_it_started_over(record: Record) -> None:
    record.write_event(RUN, Started(0, "cpu"))
    began = record.start_time(RUN.id)
    record.write_event(RUN, EpochEnded([], b"state"))
    record.write_event(RUN, Started(1, "cpu"))
    assert record.start_time(RUN.id) == began
    (record.folder(RUN.id) / "checkpoint.pt").unlink()
    record.write_event(RUN, Started(1, "cpu"))
    assert record.start_time(RUN.id) > began


def test_a_crash_while_the_result_is_written_leaves_the_run_unfinished(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.write_event(RUN, Started(0, "cpu"))
    record.write_event(RUN, EpochEnded([ROW], b"state"))
    replace = os.replace

    def crash_at_the_result(source: Path, target: Path) -> None:
        if target.name == "result.json":
            raise OSError("power cut")
        replace(source, target)

    monkeypatch.setattr(os, "replace", crash_at_the_result)
    with pytest.raises(OSError, match="power cut"):
        record.write_event(RUN, ENDED)
    assert record.status(RUN.id) == "unfinished"
    assert record.checkpoint(RUN.id) == b"state"


def end_run(record: Record) -> Path:
    """Record all events of a run; returns its folder."""
    for event in (Started(0, "cpu"), EpochEnded([ROW], b"state"), ENDED):
        record.write_event(RUN, event)
    return record.folder(RUN.id)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "followed by garbage": lambda content: content + b"garbage",
    "blank at its end": lambda content: content[:-3] + bytes(3),
}
"""What a power cut can leave of a file."""


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", [*CHECKSUMMED_FILES, "result.json"])
def test_a_result_counts_only_while_all_its_files_are_intact(record: Record, name: str, damage: str) -> None:
    path = end_run(record) / name
    record.set_aside_damaged([RUN.id])
    assert record.has_ended(RUN.id)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.warns(UserWarning, match=r"result.json: .* damaged"):
        record.set_aside_damaged([RUN.id])
    assert not record.has_ended(RUN.id)
    assert record.needs_training(RUN.id)


def test_a_result_without_one_of_its_files_does_not_count(record: Record) -> None:
    (end_run(record) / "weights.safetensors").unlink()
    with pytest.warns(UserWarning, match=r"result.json"):
        record.set_aside_damaged([RUN.id])
    assert record.needs_training(RUN.id)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_checkpoint_is_set_aside_with_a_warning_and_never_loaded(record: Record, damage: str) -> None:
    record.write_event(RUN, Started(0, "cpu"))
    record.write_event(RUN, EpochEnded([ROW], b"state"))
    path = record.folder(RUN.id) / "checkpoint.pt"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.warns(UserWarning, match=r"checkpoint.pt: .* the run starts over"):
        assert record.checkpoint(RUN.id) is None
    assert (path.with_name("checkpoint.pt.damaged").exists(), path.exists()) == (True, False)


@pytest.mark.parametrize("damage", [name for name in DAMAGE if name != "blank at its end"])
@pytest.mark.parametrize("name", ["run.json", "failure.json", "epochs.json"])
def test_a_damaged_file_of_an_unfinished_run_counts_as_missing_and_is_written_again(
    record: Record, name: str, damage: str
) -> None:
    record.write_event(RUN, Started(0, "cpu"))
    record.write_event(RUN, EpochEnded([ROW], b"state"))
    record.write_event(RUN, Failed("out of memory"))
    path = record.folder(RUN.id) / name
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert record.status(RUN.id) == ("unfinished" if name == "failure.json" else "failed")
    assert record.epochs(RUN.id) == ([] if name == "epochs.json" else [ROW])
    end_run(record)
    record.set_aside_damaged([RUN.id])
    assert record.status(RUN.id) == "finished"
    assert record.epochs(RUN.id) == [ROW]


def test_files_that_a_kill_left_behind_are_deleted(record: Record) -> None:
    folder = end_run(record)
    (folder / "checkpoint.pt").write_bytes(b"killed before it was removed")
    record.set_aside_damaged([RUN.id])
    assert not (folder / "checkpoint.pt").exists()
    (folder / ".weights.safetensors.tmp").write_bytes(b"half")
    record.write_event(RUN, Started(0, "cpu"))
    assert not list(folder.glob(".*"))
