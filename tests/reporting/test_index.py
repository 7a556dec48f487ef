"""The page over all reports."""

import json
import re
from pathlib import Path

import pytest

from ablate.reporting.index import write_index
from ablate.reporting.study.data import write
from ablate.reporting.study.page import write_report
from tests.helpers import fabricated


@pytest.mark.parametrize("content", ["", "<<<<<<< HEAD\n{}", "[1]", '{"question": "only"}'])
def test_what_is_no_report_is_left_out(content: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "metrics.json").write_text(content)
    write_index(tmp_path)
    assert "0 studies" in (tmp_path / "README.md").read_text()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    for study, score in (
        (fabricated.named_study(4), fabricated.named_score),
        (fabricated.grid_study(), fabricated.grid_score),
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
    table = (reports / "README.md").read_text().split("| effect (dB) |")[1]
    sizes = [abs(float(cell.replace("−", "-"))) for cell in re.findall(r"\| ([+−]\d+\.\d+) \|", table)]
    assert len(sizes) == 12
    assert sizes == sorted(sizes, reverse=True)


def test_the_same_reports_give_the_same_bytes(reports: Path) -> None:
    files = [reports / "README.md", reports / "figures" / "effects.svg"]
    before = [path.read_bytes() for path in files]
    write_index(reports)
    assert [path.read_bytes() for path in files] == before


def test_where_nothing_is_reported_yet_the_list_is_empty(tmp_path: Path) -> None:
    write_index(tmp_path)
    assert "0 studies" in (tmp_path / "README.md").read_text()
