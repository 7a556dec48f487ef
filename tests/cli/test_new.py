"""`ablate new` writes a study that can be swept as it is, and overwrites nothing."""

from pathlib import Path

import pytest

from ablate.studies.loading import load_study
from tests.helpers.commands import typed


def test_the_study_that_it_writes_is_one(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert typed("new", "first", monkeypatch=monkeypatch) == 0
    study = load_study("first.yaml")
    assert (study.name, len(study.arms), len(study.runs)) == ("first", 2, 6)


def test_its_comments_name_every_key_that_it_uses_and_its_own_file(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workplace / "studies").mkdir()
    assert typed("new", "studies/mlp.yaml", monkeypatch=monkeypatch) == 0
    text = Path("studies/mlp.yaml").read_text()
    assert "ablate sweep studies/mlp.yaml --dry-run" in text
    paragraphs = text.split("\n\n")
    assert len(paragraphs) > 5
    assert all(paragraph.startswith("#") for paragraph in paragraphs)


def test_what_it_says_to_type_next_can_be_typed(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed("new", "first", monkeypatch=monkeypatch)
    study, plan, run, browse = capsys.readouterr().out.splitlines()
    assert [line.split(":")[1].strip() for line in (study, run, browse)] == [
        "first.yaml",
        "ablate sweep first.yaml",
        "mlflow ui",
    ]
    words = plan.split("ablate ")[1].split()
    assert typed(*words, "--executor", "inprocess", monkeypatch=monkeypatch) == 0
    assert "Seeds: 0, 1, 2" in capsys.readouterr().out


def test_a_file_that_exists_is_left_alone(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("first.yaml").write_text("mine")
    assert typed("new", "first", monkeypatch=monkeypatch) == 2
    assert "first.yaml exists already" in capsys.readouterr().err
    assert Path("first.yaml").read_text() == "mine"


NO_NAMES = {"no folder/first": "there is no folder", "a b": "the name of a study file"}


@pytest.mark.parametrize(("name", "rule"), NO_NAMES.items())
def test_a_name_that_cannot_be_one_is_refused(
    name: str, rule: str, workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("new", name, monkeypatch=monkeypatch) == 2
    assert rule in capsys.readouterr().err
    assert list(workplace.glob("**/*.yaml")) == []
