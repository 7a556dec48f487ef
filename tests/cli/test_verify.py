"""`ablate verify`: its exit codes, what it prints, and what an interruption leaves."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from ablate.records.record import Record
from ablate.settings import Run
from ablate.studies.planning import Design
from ablate.training.events import Ended, Event
from tests.helpers.commands import typed

VERIFY = ("verify", "tiny.yaml", "--executor", "inprocess")


def test_confirmed_runs_exit_with_0(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*VERIFY, monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("2 of 4 recorded runs are trained again, drawn with seed 0.\n")
    assert "same bits (weights, scores and losses)" in shown
    assert "same bits: 2\nWritten to reports/tiny/data/verified.csv;" in shown


def test_a_record_that_was_changed_exits_with_1(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, study = swept_copy
    path = record.folder(study.cells[0].run.id) / "result.json"
    content = json.loads(path.read_text())
    content["results"]["test/psnr"] += 0.1
    path.write_text(json.dumps(content))
    assert typed(*VERIFY, "--all", monkeypatch=monkeypatch) == 1
    shown = capsys.readouterr().out
    assert "with seed 0: another result (the weights and losses have the same bits, but test/psnr was" in shown
    assert "another result: 1, same bits: 3" in shown


def test_what_cannot_be_verified_exits_with_2(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*VERIFY, "--all", "--runs", "3", monkeypatch=monkeypatch) == 2
    assert "--all and --runs both say" in capsys.readouterr().err
    Path("other.yaml").write_text(Path("tiny.yaml").read_text().replace("seeds: 2", "seeds: [5]"))
    assert typed("verify", "other.yaml", monkeypatch=monkeypatch) == 2
    assert "no run of other is recorded as it is now; `ablate sweep` trains them" in capsys.readouterr().err


def test_an_interruption_keeps_what_was_compared_and_leaves_no_temporary_files(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(Path("temporary").absolute()))
    write, ended = Record.write_event, list[str]()

    def interrupt_after_the_first(self: Record, run: Run, event: Event) -> None:
        if ended:
            raise KeyboardInterrupt
        write(self, run, event)
        ended.extend([run.id] if isinstance(event, Ended) else [])

    monkeypatch.setattr(Record, "write_event", interrupt_after_the_first)
    assert typed(*VERIFY, "--all", monkeypatch=monkeypatch) == 130
    assert "Interrupted. What was compared so far is kept, and the record is as it was." in capsys.readouterr().err
    assert pd.read_csv("reports/tiny/data/verified.csv").run.tolist() == ended
    assert list(Path("temporary").iterdir()) == []


def test_the_next_report_says_when_runs_were_verified_and_how_many(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert typed("sweep", "tiny.yaml", "--executor", "inprocess", monkeypatch=monkeypatch) == 0
    assert "Verified on" not in Path("reports/tiny/README.md").read_text()
    assert typed(*VERIFY, monkeypatch=monkeypatch) == 0
    (date,) = pd.read_csv("reports/tiny/data/verified.csv").date.unique()
    assert typed("report", "tiny.yaml", monkeypatch=monkeypatch) == 0
    sentence = f"Verified on {date}: 2 of 4 runs were trained again and compared (same bits: 2)."
    assert sentence in Path("reports/tiny/README.md").read_text()
    assert sentence in Path("reports/tiny/report.html").read_text()
