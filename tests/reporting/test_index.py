"""The page over all reports."""

import json
import re
import subprocess
from pathlib import Path
from unittest.mock import Mock

import pytest

from ablate.reporting.index import write_index
from ablate.reporting.study.data import write
from ablate.reporting.study.page import write_report
from tests.helpers import fabricated

UNKNOWN_METRIC = '{"question": "?", "answer": "!", "metric": "test/new", "arms": {}}'


@pytest.mark.parametrize("content", ["", "<<<<<<< HEAD\n{}", "[1]", '{"question": "only"}', UNKNOWN_METRIC])
def test_files_that_are_not_reports_are_left_out(content: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "metrics.json").write_text(content)
    write_index(tmp_path)
    assert "0 studies" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize(("ignored", "listed"), [("reports/{}/", 0), ("reports/", 1), ("", 1)])
def test_a_report_that_git_ignores_is_not_on_a_page_that_it_does_not_ignore(
    ignored: str, listed: int, tmp_path: Path
) -> None:
    project = tmp_path / "Brücke"  # git would quote the name in a list of lines
    subprocess.run(["git", "init", "--quiet", project], check=True)
    study = fabricated.named_study(4)
    reports = project / "reports"
    write(study, fabricated.fabricate(study, fabricated.named_score), reports / study.name)
    write_report(study, reports / study.name)
    (project / ".gitignore").write_text(ignored.format(study.name))
    write_index(reports)
    page = (reports / "README.md").read_bytes()
    assert f"{listed} stud" in page.decode()
    (reports / "README.md").unlink()
    write_index(reports, reports / study.name)
    assert [path.read_bytes() for path in reports.glob("README.md")] == [page] * listed


def test_git_runs_once_for_all_reports(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Mock(wraps=subprocess.run)
    monkeypatch.setattr(subprocess, "run", run)
    write_index(reports)
    assert run.call_count == 1


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    for study, score in (
        (fabricated.named_study(4), fabricated.named_score),
        (fabricated.grid_study(), fabricated.grid_score),
        (fabricated.grid_study(name="gains", metric="test/gain"), fabricated.grid_score),
    ):
        write(study, fabricated.fabricate(study, score), folder / study.name)
        write_report(study, folder / study.name)
    write_index(folder)
    return folder


def test_every_study_is_listed_with_its_question_and_its_answer(reports: Path) -> None:
    text = (reports / "README.md").read_text()
    facts = json.loads((reports / "grid" / "metrics.json").read_text())
    assert f"| [grid](grid/README.md) | {facts['question']} | {facts['answer']} |" in text
    assert "[named](named/README.md)" in text


def test_every_link_of_the_list_leads_somewhere(reports: Path) -> None:
    links = re.findall(r"(?<!\\)\]\(([^)]+)\)", (reports / "README.md").read_text())
    assert "figures/effects.svg" in links
    assert all((reports / link).exists() for link in links)


def test_the_largest_effect_is_the_first_row(reports: Path) -> None:
    tables = (reports / "README.md").read_text().split("largest first:\n")[1:]
    lists = [[float(cell.replace("−", "-")) for cell in re.findall(r"\| ([+−]\d+\.\d+) \|", text)] for text in tables]
    assert list(map(len, lists)) == [12, 9]
    for found in lists:
        assert found == sorted(found, key=abs, reverse=True)


def test_effects_of_different_metrics_are_listed_apart(reports: Path) -> None:
    text = (reports / "README.md").read_text()
    psnr, gain = text.split("Differences in test/")[1:]
    assert psnr.startswith("psnr (dB), largest first")
    assert gain.startswith("gain (dB), largest first")
    assert "[gains]" in gain
    assert "[gains]" not in psnr
    assert "can differ in the task" in text


def test_a_study_that_is_judged_by_another_score_is_named(tmp_path: Path) -> None:
    study = fabricated.grid_study(metric="test/mse", margin=0.0001)
    write(study, fabricated.fabricate(study, fabricated.grid_score), tmp_path / "grid")
    write_report(study, tmp_path / "grid")
    write_index(tmp_path)
    assert "shown here in dB of PSNR: grid by test/mse." in (tmp_path / "README.md").read_text()


def test_effects_with_bad_runs_are_marked_and_explained(reports: Path) -> None:
    text = (reports / "README.md").read_text()
    assert re.findall(r"^\| (.*?) \| .* 2 of 10 \|$", text, flags=re.MULTILINE) == ["width=16, depth=8"] * 2
    assert "A bad run (of the arm or its reference) diverged" in text
    assert "runs)" in (reports / "figures" / "effects.svg").read_text()


def test_the_same_reports_give_the_same_bytes(reports: Path) -> None:
    files = [reports / "README.md", reports / "figures" / "effects.svg"]
    before = [path.read_bytes() for path in files]
    write_index(reports)
    assert [path.read_bytes() for path in files] == before


def test_without_reports_the_list_is_empty(tmp_path: Path) -> None:
    write_index(tmp_path)
    assert "0 studies" in (tmp_path / "README.md").read_text()
