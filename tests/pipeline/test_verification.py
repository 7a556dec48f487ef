"""Recorded runs are trained again, and compared; the record stays as it is."""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ablate
from ablate.errors import AblateError
from ablate.pipeline.verification import draw
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns, save_requested
from ablate.reporting.study.data import export
from ablate.settings import RECIPE
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.training.events import Failed
from tests.helpers.committed import ROOT
from tests.helpers.tiny import write_tiny_study

HEADS = load_study(ROOT / "experiments" / "heads.yaml")


def verify(**options: Any) -> pd.DataFrame:
    return ablate.verify("tiny.yaml", executor="inprocess", **options).table


def contents(folder: Path = Path(".ablate")) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def temporary(swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    folder = Path("temporary").absolute()
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_the_runs_of_the_record_have_the_same_bits_and_nothing_else_changes(temporary: Path) -> None:
    before = contents()
    found = verify(runs=None)
    assert found.outcome.tolist() == ["same bits"] * 4
    assert set(found.reason) == {"weights, scores and losses"}
    assert contents() == before
    assert list(temporary.iterdir()) == []
    written = pd.read_csv("reports/tiny/data/verified.csv")
    pd.testing.assert_frame_equal(written, found, check_dtype=False)


def test_a_fresh_clone_verifies_the_scores_in_the_data_of_the_report(swept_copy: tuple[Record, Design]) -> None:
    record, study = swept_copy
    export(study, record, Path("reports/tiny"))
    shutil.rmtree(".ablate")
    found = verify(runs=None)
    assert set(found.reason) == {"scores and losses; no weights"}
    assert found.outcome.tolist() == ["same bits"] * 4
    assert not Path(".ablate").exists()


def test_a_score_that_was_changed_in_the_data_of_the_report_is_another_result(
    swept_copy: tuple[Record, Design],
) -> None:
    record, study = swept_copy
    export(study, record, Path("reports/tiny"))
    shutil.rmtree(".ablate")
    path = Path("reports/tiny/data/runs.csv")
    table = pd.read_csv(path, dtype=str)
    table.loc[2, "test/psnr"] = str(float(table["test/psnr"][2]) + 0.01)
    table.to_csv(path, index=False)
    found = verify(runs=None)
    assert found.outcome.tolist() == ["same bits", "same bits", "another result", "same bits"]
    assert "the losses have the same bits, but test/psnr was" in found.reason[2]


def rewrite(path: Path, key: str, value: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))


def test_a_result_that_was_changed_in_the_record_is_another_result(swept_copy: tuple[Record, Design]) -> None:
    record, study = swept_copy
    path = record.folder(study.cells[1].run.id) / "result.json"
    results = json.loads(path.read_text())["results"]
    rewrite(path, "results", results | {"test/ssim": results["test/ssim"] + 0.01})
    found = verify(runs=None)
    assert found.outcome.tolist() == ["same bits", "another result", "same bits", "same bits"]
    assert "the weights and losses have the same bits, but test/ssim was" in found.reason[1]


def test_damaged_weights_are_another_result_and_stay_where_they_are(swept_copy: tuple[Record, Design]) -> None:
    record, study = swept_copy
    path = record.folder(study.cells[0].run.id) / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    before = contents()
    found = verify(runs=None)
    assert found.outcome.tolist() == ["another result", "same bits", "same bits", "same bits"]
    assert "checksum" in found.reason[0]
    assert contents() == before


def test_the_version_that_trained_a_run_is_named_where_it_was_another(swept_copy: tuple[Record, Design]) -> None:
    record, study = swept_copy
    path = record.folder(study.cells[0].run.id) / "result.json"
    environment = json.loads(path.read_text())["environment"]
    rewrite(path, "environment", environment | {"torch": "1.0", "commit": "abc"})
    first = verify(runs=None).iloc[0]
    assert first.outcome == "same bits"
    assert f"torch was 1.0 and is {environment['torch']}" in first.reason
    assert f"commit was abc and is {environment['commit']}" in first.reason


def test_runs_of_another_recipe_are_named_and_not_trained(
    swept_copy: tuple[Record, Design], capsys: pytest.CaptureFixture[str]
) -> None:
    record, study = swept_copy
    other = load_study(write_tiny_study(Path(), seeds="[7]"))
    save_requested(record.root, RequestedRuns.of(other, RequestedRuns.of(study)))
    for run in study.runs:
        rewrite(record.folder(run.id) / "run.json", "recipe", 0)
    with pytest.raises(AblateError, match="no run of tiny is recorded as it is now"):
        verify()
    assert (
        f"Of another recipe than {RECIPE}, so not trained again: with seed 0 (recipe 0), with"
        in capsys.readouterr().err
    )


def test_a_run_that_cannot_be_trained_confirms_nothing(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Failed("ValueError: no")
    monkeypatch.setattr("ablate.executors.inprocess.perform", lambda *_: iter([failed]))
    result = ablate.verify("tiny.yaml", runs=1, executor="inprocess")
    assert not result.is_confirmed
    assert [(run.outcome, run.reason) for run in result.runs] == [("not trained", "ValueError: no")]


def test_only_runs_that_have_ended_are_drawn(swept_copy: tuple[Record, Design]) -> None:
    record, study = swept_copy
    shutil.rmtree(record.folder(study.cells[0].run.id))
    (record.folder(study.cells[1].run.id) / "result.json").unlink()
    result = ablate.verify("tiny.yaml", runs=9, executor="inprocess")
    assert (result.recorded, len(result.runs)) == (2, 2)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="simulates other processors of this kind")
def test_another_processor_is_within_tolerance(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    result = ablate.verify("tiny.yaml", runs=None, workers=1)
    assert {run.outcome for run in result.runs} == {"within tolerance"}
    assert result.is_confirmed


@pytest.mark.skipif(platform.machine() != "x86_64", reason="simulates other processors of this kind")
def test_on_another_processor_a_score_that_is_not_that_of_the_weights_is_another_result(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch
) -> None:
    record, study = swept_copy
    path = record.folder(study.cells[0].run.id) / "result.json"
    results = json.loads(path.read_text())["results"]
    rewrite(path, "results", results | {"test/ssim": results["test/ssim"] + 0.01})
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    (first, *others) = ablate.verify("tiny.yaml", runs=None, workers=1).runs
    assert first.outcome == "another result"
    assert first.reason.startswith("not the scores of the recorded weights, of which test/ssim was")
    assert {run.outcome for run in others} == {"within tolerance"}


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 30))
def test_a_draw_is_repeatable_and_a_larger_one_contains_it(seed: int, few: int, many: int) -> None:
    cells = HEADS.cells
    few, many = sorted((few, many))
    chosen = draw(cells, few, seed)
    assert len(chosen) == few
    assert draw(cells[::-1], few, seed)[::-1] == chosen
    assert {cell.run.id for cell in chosen} <= {cell.run.id for cell in draw(cells, many, seed)}


def test_every_run_is_drawn_about_as_often_as_every_other() -> None:
    drawn = pd.Series([cell.run.id for seed in range(600) for cell in draw(HEADS.cells, 2, seed)]).value_counts()
    assert len(drawn) == len(HEADS.cells)
    expected = 1200 / len(HEADS.cells)
    assert ((drawn - expected).abs() < 5 * expected**0.5).all()
