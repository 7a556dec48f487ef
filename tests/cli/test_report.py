"""What the terminal shows of a report."""

from pathlib import Path

import pytest

from ablate.cli.report import summary
from ablate.pipeline.results import StudyResult
from ablate.reporting.study.model import build
from ablate.reporting.study.selection import MAX_ARMS
from tests.helpers import fabricated


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
