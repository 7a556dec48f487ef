"""Which runs were verified is read back as it was written, and counts only for what is recorded now."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ablate.errors import AblateError
from ablate.reporting.markup.rendering import markdown
from ablate.reporting.study.content import document
from ablate.reporting.study.data import read
from ablate.reporting.study.model import build
from ablate.reporting.study.verified import Verified, read_verified, record_verified
from ablate.studies.planning import Design

RUNS = pd.DataFrame({"run": ["a", "b", "c"], "ended": [1795572163.493959, 1795572164.0, float("nan")]})
FIRST = Verified("none", 0, "a", 1795572163.493959, "2026-11-27", "same bits", 'a "reason", with a comma')
SECOND = Verified("x", 3, "b", 1795572164.0, "2026-11-28", "another result", "test/psnr")


def test_what_was_written_is_read_in_the_order_of_the_runs(tmp_path: Path) -> None:
    for item in (SECOND, FIRST):
        record_verified(item, tmp_path)
    assert read_verified(tmp_path / "data", RUNS) == [FIRST, SECOND]


def test_the_last_time_counts(tmp_path: Path) -> None:
    for item in (FIRST, SECOND, again := replace(FIRST, date="2027-01-01", outcome="within tolerance")):
        record_verified(item, tmp_path)
    assert read_verified(tmp_path / "data", RUNS) == [again, SECOND]


def test_a_run_that_was_trained_and_recorded_again_since_is_not_verified(tmp_path: Path) -> None:
    record_verified(replace(FIRST, ended=1795572000.0), tmp_path)
    record_verified(Verified("x", 4, "unknown", 1.0, "2026-11-27", "same bits", ""), tmp_path)
    assert read_verified(tmp_path / "data", RUNS) == []


@pytest.mark.parametrize("damage", ["", "run,outcome\na,same bits\n", "cut,off"])
def test_a_damaged_table_is_named(damage: str, tmp_path: Path) -> None:
    record_verified(FIRST, tmp_path)
    path = tmp_path / "data" / "verified.csv"
    path.write_text(damage)
    with pytest.raises(AblateError, match=r"verified\.csv: is damaged"):
        read_verified(tmp_path / "data", RUNS)
    path.write_text("arm,seed,run,ended,date,outcome,reason\nx,3,b,1.0,today,fine,\n")
    with pytest.raises(AblateError, match="unknown outcome fine"):
        read_verified(tmp_path / "data", RUNS)


def test_the_page_counts_outcomes_and_warns_of_another_result(report: tuple[Path, Design], tmp_path: Path) -> None:
    folder, study = report
    shutil.copytree(folder / "data", tmp_path / "data")
    runs = read(study, tmp_path).runs
    outcomes = [("same bits", "2026-11-27", ""), ("another result", "2026-11-28", "test/psnr was 1 and is 2")]
    for row, (outcome, date, reason) in zip(runs.itertuples(), outcomes, strict=False):
        record_verified(Verified(row.arm, row.seed, row.run, row.ended, date, outcome, reason), tmp_path)  # type: ignore[arg-type]
    page = build(study, read(study, tmp_path))
    warning = 'Trained again, these runs had another result: "with" seed 1 (test/psnr was 1 and is 2).'
    assert page.warnings == [warning, *build(study, read(study, folder)).warnings]
    text = markdown(document(page))
    assert (
        "Verified on 2026-11-27 and 2026-11-28: 2 of 4 runs were trained again and compared (same bits: 1, another "
        "result: 1)." in text
    )
