"""Runs that were recorded before a score existed: scored from their weights, or named, and trained again on request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ablate.metrics import METRICS
from ablate.pipeline.rescoring import score_recorded
from ablate.pipeline.status import look_over
from ablate.pipeline.terminal import Terminal
from ablate.records.record import Record
from ablate.records.requests import requested_by
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from tests.helpers.commands import mlflow_runs, sweep_here, typed
from tests.helpers.stored import result_of
from tests.helpers.tiny import write_tiny_study


def by_mae(metric: str = "test/mae") -> Design:
    """The tiny study, judged by a score that its record does not have."""
    path = write_tiny_study(Path())
    path.write_text(path.read_text() + f"metric: {metric}\n")
    return load_study(path)


def forget(record: Record, run_id: str, score: str = "mae") -> None:
    """Make a result that of a version that did not know the score."""
    path = record.folder(run_id) / "result.json"
    facts = json.loads(path.read_text())
    facts["results"] = {name: value for name, value in facts["results"].items() if not name.endswith(f"/{score}")}
    path.write_text(json.dumps(facts))


@pytest.fixture
def old(swept_copy: tuple[Record, Design]) -> Record:
    """A record from before the mean absolute error was a score."""
    record, study = swept_copy
    for run in study.runs:
        forget(record, run.id)
    return record


def test_scoring_again_gives_the_bits_of_the_training(swept_copy: tuple[Record, Design]) -> None:
    record, study = swept_copy
    before = {run.id: result_of(record, run.id).results for run in study.runs}
    for run in study.runs:
        forget(record, run.id)
    assert score_recorded(by_mae(), record, "cpu", Terminal()) == []
    for run in study.runs:
        after = result_of(record, run.id).results
        kinds = ["test", "nothing", "zero", *(["last"] if before[run.id]["best/epoch"] == 2 else [])]
        assert {kind: after[f"{kind}/mae"] for kind in kinds} == {kind: before[run.id][f"{kind}/mae"] for kind in kinds}
        assert after.items() <= before[run.id].items()


def test_a_sweep_scores_old_runs_without_training_and_judges_them(
    old: Record, store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    by_mae()
    assert sweep_here(monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "4 recorded runs lack test/mae: computing it, without training." in shown
    assert "4 runs, 4 of them recorded already, 0 to train." in shown
    assert "epoch" not in shown
    assert "difference in test/mae" in Path("reports/tiny/report.html").read_text()
    assert sweep_here(monkeypatch) == 0
    assert "scoring them again" not in capsys.readouterr().out


def test_the_mirror_gets_the_scores_that_a_finished_run_has_got_since(
    old: Record, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_study(Path())
    assert sweep_here(monkeypatch) == 0
    assert all("test/mae" not in run.data.metrics for run in mlflow_runs())
    by_mae()
    assert sweep_here(monkeypatch) == 0
    for run in mlflow_runs():
        assert run.data.metrics["test/mae"] == result_of(old, run.data.tags["ablate.run"]).results["test/mae"]


def test_a_run_without_weights_is_named_and_trained_again_only_on_request(
    old: Record, store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = by_mae().runs[0]
    folder = old.folder(lost.id)
    (folder / "weights.safetensors").unlink()
    facts = json.loads((folder / "result.json").read_text())
    facts["files"].pop("weights.safetensors")
    (folder / "result.json").write_text(json.dumps(facts | {"adopted": "reports/tiny/data"}))
    for _ in range(2):
        assert sweep_here(monkeypatch) == 1
        shown = capsys.readouterr()
        assert "with seed 0: unscored (without test/mae; adopted from reports/tiny/data, without weights" in shown.err
        assert "--retry-failed` trains these runs again." in shown.err
        assert "0 to train." in shown.out
    page = Path("reports/tiny/README.md").read_text().replace("\\", "")
    assert "is waiting for runs that lack test/mae" in page
    assert "Some verdicts are waiting for runs that were recorded without test/mae: with seed 0." in page
    assert typed("status", monkeypatch=monkeypatch) == 0
    assert "with seed 0: unscored (recorded without test/mae)" in capsys.readouterr().out
    assert sweep_here(monkeypatch, "--retry-failed") == 0
    assert "1 to train." in capsys.readouterr().out
    assert "test/mae" in result_of(old, lost.id).results
    assert (old.root / "replaced" / lost.id / "result.json").exists(), "nothing that was computed is lost"


def test_the_last_epochs_score_can_be_had_only_where_the_last_epoch_was_the_best(old: Record, store: Path) -> None:
    study = by_mae("last/mae")
    left = {item.run.id: item.reason for item in score_recorded(study, old, "cpu", Terminal())}
    for run in study.runs:
        best_is_last = result_of(old, run.id).results["best/epoch"] == run.training.epochs
        assert result_of(old, run.id).has_score(METRICS["last/mae"]) == best_is_last
        assert (run.id in left) == (not best_is_last)
    assert all("only the weights of its best epoch are kept" in reason for reason in left.values())


def test_a_diverged_run_is_judged_by_predicting_zero_whose_score_needs_no_weights(old: Record, store: Path) -> None:
    study = by_mae()
    path = old.folder(study.runs[0].id) / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"status": "diverged"}))
    assert score_recorded(study, old, "cpu", Terminal()) == []
    assert result_of(old, study.runs[0].id).has_score(METRICS["test/mae"])


def test_the_status_of_runs_says_which_are_unscored(old: Record) -> None:
    overview = look_over(requested_by(old.root, by_mae()), old)
    assert overview.counts()["unscored"] == 4
    assert overview.counts()["finished"] == 0
