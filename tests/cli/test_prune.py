"""What `ablate prune` lists, and what it removes."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from ablate.executors.worker import perform
from ablate.records.record import Record
from ablate.records.requests import load_all_requested
from ablate.settings import Run
from ablate.studies.planning import Design
from ablate.training.events import Event, Failed
from tests.helpers.commands import sweep_here, typed
from tests.helpers.searches import write_tiny_search
from tests.helpers.tiny import write_tiny_study


def prune(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    capsys.readouterr()
    assert typed("prune", *options, monkeypatch=monkeypatch) == 0
    return capsys.readouterr().out.splitlines()


def test_former_runs_and_stray_checkpoints_are_listed_and_then_removed(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, design = swept_copy
    assert sweep_here(monkeypatch) == 0
    assert prune(monkeypatch, capsys) == ["Nothing to remove."]
    write_tiny_study(Path(), seeds="[1]")
    assert sweep_here(monkeypatch) == 0
    kept = {cell.run.id for cell in design.cells if cell.seed == 1}
    stray = record.folder(min(kept)) / "checkpoint.pt"
    stray.write_bytes(b"left by a kill")
    before = {path for path in record.root.rglob("*") if path.is_file()}
    *listed, last = prune(monkeypatch, capsys)
    assert len(listed) == 3
    assert {line.split(",")[0] for line in listed[:2]} == {"tiny: with seed 0", "tiny: without seed 0"}
    assert listed[2].startswith(f"checkpoint of the run {min(kept)}")
    assert last.startswith("`ablate prune --yes` removes these: 3 items")
    assert {path for path in record.root.rglob("*") if path.is_file()} == before
    assert prune(monkeypatch, capsys, "--yes")[-1].startswith("Removed: 3 items")
    assert {path.name for path in (record.root / "runs").iterdir()} == kept
    assert not stray.exists()
    assert prune(monkeypatch, capsys, "--yes") == ["Nothing to remove."]
    assert sweep_here(monkeypatch) == 0


def test_without_a_record_nothing_is_made(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prune(monkeypatch, capsys, "--yes") == ["Nothing to remove."]
    assert list(workplace.iterdir()) == []


def test_nothing_is_removed_while_it_is_not_known_what_a_study_requests(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, _ = swept_copy
    damaged = record.root / "studies" / "other.json"
    damaged.parent.mkdir()
    damaged.write_text("{")
    assert typed("prune", "--yes", monkeypatch=monkeypatch) == 2
    assert "not known which runs other requests" in capsys.readouterr().err
    assert len(list((record.root / "runs").iterdir())) == 4


@pytest.mark.slow
def test_trials_that_may_be_drawn_again_are_kept_until_the_search_has_finished(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_search(store.parent, trials="3", parallel="1", pruner="none")
    search = ("search", "tiny.yaml", "--executor", "inprocess")
    fail_in(monkeypatch, 1, Failed("bad luck"))
    assert typed(*search, monkeypatch=monkeypatch) == 0
    fail_in(monkeypatch, 0, KeyboardInterrupt())
    assert typed(*search, "--retry-failed", monkeypatch=monkeypatch) == 130
    assert prune(monkeypatch, capsys, "--yes") == ["Nothing to remove."]
    assert typed("status", monkeypatch=monkeypatch) == 0
    assert "of earlier trials, which may be drawn again: trial 2 seed 0" in capsys.readouterr().out
    monkeypatch.undo()
    monkeypatch.chdir(store.parent)
    assert typed(*search, monkeypatch=monkeypatch) == 0
    (requested,) = load_all_requested(Path(".ablate"))
    *listed, _ = prune(monkeypatch, capsys)
    assert len(listed) == len(requested.former)


def fail_in(monkeypatch: pytest.MonkeyPatch, number: int, what: Failed | BaseException) -> None:
    """Let the run that is trained after so many others end like this; only the first time."""
    counter = itertools.count()

    def perform_or_fail(run: Run, checkpoint: bytes | None, device: str) -> Iterator[Event]:
        if next(counter) != number:
            yield from perform(run, checkpoint, device)
        elif isinstance(what, BaseException):
            raise what
        else:
            yield what

    monkeypatch.setattr("ablate.executors.inprocess.perform", perform_or_fail)
