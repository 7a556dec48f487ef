"""What the terminal shows of a report, and what `ablate report` writes and checks."""

from pathlib import Path

import pandas as pd
import pytest

from ablate.cli.report import summary
from ablate.pipeline.results import StudyResult
from ablate.records.record import Record
from ablate.reporting.study.data import export
from ablate.reporting.study.model import build
from ablate.reporting.study.selection import MAX_ARMS
from ablate.studies.planning import Design
from tests.helpers import fabricated
from tests.helpers.commands import sweep_here, typed


@pytest.mark.parametrize(
    ("arms", "note"), [(MAX_ARMS, ""), (2 * MAX_ARMS, f"Shown: {MAX_ARMS} of {2 * MAX_ARMS} arms")]
)
def test_a_terminal_shows_as_many_arms_as_fit_and_says_so(
    arms: int, note: str, capsys: pytest.CaptureFixture[str]
) -> None:
    study = fabricated.named_study(arms)
    summary(StudyResult(build(study, fabricated.fabricate(study, fabricated.named_score)), Path("reports/named")))
    shown = capsys.readouterr().out
    listed = [name for name in (f"rate {index}" for index in range(3, arms)) if f" {name} " in shown]
    assert len(listed) == MAX_ARMS - (3 if not note else len([row for row in fabricated.LONG if row[:12] in shown]))
    assert ("Shown:" in shown) == bool(note)
    assert note in shown


def test_report_writes_the_report_again_from_its_data(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_here(monkeypatch)
    report = Path("reports/tiny/README.md")
    before = report.read_bytes()
    report.unlink()
    assert typed("report", "tiny.yaml", monkeypatch=monkeypatch) == 0
    assert report.read_bytes() == before


@pytest.mark.parametrize(
    ("shift", "jitter", "code", "shown"),
    [(-2.0, 0.01, 0, "held"), (2.0, 0.01, 1, "contradicted"), (-2.0, 5.0, 3, "undecided")],
)
def test_check_tells_by_its_exit_code_whether_the_claims_hold(
    shift: float,
    jitter: float,
    code: int,
    shown: str,
    swept_copy: tuple[Record, Design],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`without` scores as `with` does, shifted, and `jitter` lower for the second seed."""
    record, study = swept_copy
    export(study, record, Path("reports/tiny"))
    runs = pd.read_csv("reports/tiny/data/runs.csv")
    runs["test/psnr"] = [20.0, 21.0, 20.0 + shift, 21.0 + shift - jitter]
    runs.to_csv("reports/tiny/data/runs.csv", index=False)
    Path("tiny.yaml").write_text(Path("tiny.yaml").read_text() + "expect: [{arm: without, verdict: worse}]\n")
    assert typed("report", "tiny.yaml", "--check", monkeypatch=monkeypatch) == code
    sentence = f'"without" is worse than "with": {shown} ('
    assert f"Claim: {sentence}" in capsys.readouterr().out
    assert [path.name for path in Path("reports/tiny").iterdir()] == ["data"], "a check writes nothing"
    assert typed("report", "tiny.yaml", monkeypatch=monkeypatch) == 0
    assert f"- {sentence}" in Path("reports/tiny/README.md").read_text()


def test_latex_prints_a_table_and_writes_nothing(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, study = swept_copy
    export(study, record, Path("reports/tiny"))
    assert typed("report", "tiny.yaml", "--latex", monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("% Written by")
    assert shown.rstrip().endswith(r"\cite{ablate}.")
    assert [path.name for path in Path("reports/tiny").iterdir()] == ["data"]
    assert typed("report", "tiny.yaml", "--latex", "--check", monkeypatch=monkeypatch) == 2
    assert "allowed: one of them" in capsys.readouterr().err


def test_check_without_claims_says_so(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, study = swept_copy
    export(study, record, Path("reports/tiny"))
    assert typed("report", "tiny.yaml", "--check", monkeypatch=monkeypatch) == 0
    assert "No claims to check" in capsys.readouterr().out
