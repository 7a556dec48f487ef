"""A study from Python: the same record, tracking and report as by the command, and an object that shows them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import ablate
from ablate.overrides import resolve
from ablate.pipeline import results
from ablate.records.record import Record
from ablate.reporting.study.page import read_page
from ablate.studies import planning
from ablate.studies.contents import Contents
from ablate.variants.choices import Variants
from tests.helpers.commands import mlflow_runs, sweep_here
from tests.helpers.committed import ROOT
from tests.helpers.searches import write_tiny_search
from tests.helpers.tiny import write_tiny_study


def test_a_sweep_from_python_records_tracks_and_reports_as_the_command_does(store: Path) -> None:
    result = ablate.sweep(write_tiny_study(store.parent), executor="inprocess")
    assert result.results.status.tolist() == ["finished"] * 4
    assert len(result.epochs) == 8
    assert result.verdicts.arm.tolist() == ["without"]
    assert result.verdicts.columns[:5].tolist() == ["arm", "against", "verdict", "difference", "low"]
    assert result.path == Path("reports/tiny")
    assert result.answer in (result.path / "README.md").read_text().replace("\\", "")
    assert result.runs_at is not None
    assert {run.info.status for run in mlflow_runs()} == {"FINISHED"}
    assert Record().status(result.results.run[0]) == "finished"


def test_the_command_finds_nothing_left_to_do_after_a_sweep_from_python(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ablate.sweep(write_tiny_study(store.parent), executor="inprocess")
    written = {path: path.read_bytes() for path in Path("reports/tiny").rglob("*") if path.is_file()}
    assert sweep_here(monkeypatch) == 0
    assert "4 recorded already, 0 to train." in capsys.readouterr().out.replace("of them ", "")
    assert {path: path.read_bytes() for path in written} == written


def test_a_report_from_python_is_written_again_from_its_data(store: Path) -> None:
    result = ablate.sweep(write_tiny_study(store.parent), executor="inprocess")
    page = result.path / "README.md"
    before = page.read_bytes()
    page.unlink()
    again = ablate.report("tiny.yaml")
    assert page.read_bytes() == before
    assert isinstance(again, results.StudyResult)
    assert again.verdicts.equals(result.verdicts)


def test_a_study_that_was_loaded_is_taken_as_it_is(store: Path) -> None:
    design = ablate.load_study(write_tiny_study(store.parent))
    Path("tiny.yaml").unlink()
    assert ablate.sweep(design, executor="inprocess").page.design is design


def test_a_result_shows_its_answer_and_its_verdicts_in_a_notebook(store: Path) -> None:
    result = ablate.sweep(write_tiny_study(store.parent), executor="inprocess")
    shown = result._repr_html_()
    assert "Do tiny networks need their skips?" in shown
    assert "<td>without</td>" in shown
    assert "reports/tiny" in shown


def test_names_in_a_notebook_are_not_markup(store: Path) -> None:
    arms = '{"<b>with</b>": {model.skip: both}, without: {model.skip: none}}'
    path = store.parent / "tiny.yaml"
    write_tiny_study(store.parent)
    text = path.read_text()
    head, tail = text[: text.index("arms:")], text[text.index("reference:") :]
    path.write_text(f"{head}arms: {arms}\n" + tail.replace("reference: with", 'reference: "<b>with</b>"'))
    shown = ablate.sweep(path, executor="inprocess")._repr_html_()
    assert "<b>with" not in shown
    assert "&lt;b&gt;with&lt;/b&gt;" in shown


def test_a_search_from_python_returns_its_best_settings(store: Path) -> None:
    result = ablate.search(write_tiny_search(store.parent), executor="inprocess")
    assert len(result.trials) == 6
    assert result.best.keys() >= {"training.rate", "model.skip"}
    assert resolve(result.best)
    assert result.answer.startswith("Best of 6 trials")
    assert "training.rate" in result._repr_html_()
    assert isinstance(ablate.report("tiny.yaml"), results.SearchResult)


def test_what_the_user_can_change_is_an_error_of_ours(workplace: Path) -> None:
    with pytest.raises(ablate.AblateError, match="one run at a time"):
        ablate.sweep(write_tiny_study(workplace), executor="inprocess", workers=2)
    assert not Path(".ablate").exists()


def test_a_report_resolves_each_arm_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    resolved: Counter[str] = Counter()

    def counted(overrides: dict[str, Any], places: dict[str, Any], variants: Variants, contents: Contents) -> object:
        resolved[str(sorted(overrides.items()))] += 1
        return original(overrides, places, variants, contents)

    original = planning._resolve
    monkeypatch.setattr(planning, "_resolve", counted)
    design = ablate.load_study("experiments/skips_by_depth.yaml")
    read_page(design)
    base = str(sorted(design.study.base.items()))
    assert set(resolved.values()) == {1}
    assert len(resolved) - (base in resolved) == len(design.arms)
