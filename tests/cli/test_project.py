"""Commands that are typed below the folder of their project, and files whose names are taken."""

import shutil
from pathlib import Path

import pytest

import ablate
from ablate.records.record import Record
from ablate.studies.planning import Design
from tests.helpers.commands import sweep_here, typed
from tests.helpers.searches import write_tiny_search
from tests.helpers.tiny import write_tiny_study


@pytest.fixture
def below(swept_copy: tuple[Record, Design], workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, below that of a project in which the tiny study was swept."""
    folder = workplace / "below"
    folder.mkdir()
    (workplace / ".git").mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_command_below_the_project_uses_its_record_and_says_where_it_is(
    below: Path, store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(below)
    assert typed("sweep", "../tiny.yaml", "--executor", "inprocess", monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr()
    assert "4 runs, 4 of them recorded already, 0 to train." in shown.out
    assert shown.err.replace("\n", " ").startswith(f"Project: {below.parent}; its record and reports are used")
    assert (below.parent / "reports" / "tiny" / "README.md").exists()
    assert list(below.iterdir()) == []
    assert Path.cwd() == below


def test_an_error_below_the_project_names_the_file_that_was_typed(
    below: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(below, "wrong.yaml", margin="-1")
    assert typed("status", "wrong.yaml", monkeypatch=monkeypatch) == 2
    assert f"error: {below / 'wrong.yaml'}:" in capsys.readouterr().err


def test_a_search_with_the_name_of_a_study_is_refused_before_anything_is_overwritten(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep_here(monkeypatch) == 0
    files = {path: path.read_bytes() for path in Path("reports").rglob("*") if path.is_file()}
    write_tiny_search(Path.cwd(), "tiny.yml")
    for words in (["search", "tiny.yml"], ["search", "tiny.yml", "--dry-run"], ["report", "tiny.yml"]):
        capsys.readouterr()
        assert typed(*words, monkeypatch=monkeypatch) == 2
        assert capsys.readouterr().err.startswith("error: tiny.yml: its report would replace that of tiny.yaml")
    assert {path: path.read_bytes() for path in Path("reports").rglob("*") if path.is_file()} == files


def test_a_fresh_clone_which_has_reports_but_no_record_keeps_the_reports_of_other_files(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep_here(monkeypatch) == 0
    shutil.rmtree(".ablate")
    Path("mine").mkdir()
    write_tiny_study(Path("mine"))
    files = {path: path.read_bytes() for path in Path("reports").rglob("*") if path.is_file()}
    for words in (["sweep", "mine/tiny.yaml"], ["sweep", "mine/tiny.yaml", "--dry-run"], ["report", "mine/tiny.yaml"]):
        capsys.readouterr()
        assert typed(*words, monkeypatch=monkeypatch) == 2
        assert capsys.readouterr().err.startswith("error: mine/tiny.yaml: its report would replace that of tiny.yaml")
    assert {path: path.read_bytes() for path in Path("reports").rglob("*") if path.is_file()} == files
    assert typed("report", "tiny.yaml", monkeypatch=monkeypatch) == 0


def test_a_search_in_a_fresh_clone_keeps_the_report_of_another_file(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_search(Path.cwd(), "rates.yaml", trials="1", pruner="none")
    ablate.search("rates.yaml", executor="inprocess")
    shutil.rmtree(".ablate")
    write_tiny_study(Path.cwd(), "rates.yml")
    capsys.readouterr()
    assert typed("sweep", "rates.yml", monkeypatch=monkeypatch) == 2
    assert capsys.readouterr().err.startswith("error: rates.yml: its report would replace that of rates.yaml")


def test_python_below_the_project_uses_its_record_and_returns_where_the_report_is(
    below: Path, store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(below)
    result = ablate.sweep("../tiny.yaml", executor="inprocess")
    shown = capsys.readouterr()
    assert "4 runs, 4 of them recorded already, 0 to train." in shown.out
    assert f"Project: {below.parent}; its record" in shown.err.replace("\n", " ")
    assert result.path == Path("../reports/tiny")
    assert (result.path / "README.md").exists()
    assert ablate.report("../tiny.yaml").path == result.path
    write_tiny_search(below, "rates.yaml", trials="1", pruner="none")
    assert (ablate.search("rates.yaml", executor="inprocess").path / "best.yaml").exists()
    assert [path.name for path in below.iterdir()] == ["rates.yaml"]
