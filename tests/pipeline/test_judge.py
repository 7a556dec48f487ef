"""Scores that any program wrote get the verdicts of the same rule, from every kind of table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import ablate
from ablate.errors import AblateError
from ablate.pipeline.results import JudgedScores
from ablate.records.score_files import rows_of_frame
from ablate.records.score_tables import Names, read_runs
from ablate.reporting.study.verdict_schema import verdict_schema
from tests.helpers.committed import ROOT

SEEDS = range(6)
BASE = [90.0, 89.5, 90.7, 90.2, 89.1, 90.4]
WIDE = [91.1, 90.4, 91.7, 91.3, 90.0, 91.5]
LONG = pd.DataFrame(
    [("base", seed, BASE[seed]) for seed in SEEDS] + [("wide", seed, WIDE[seed]) for seed in SEEDS],
    columns=["arm", "seed", "acc"],
)
BY_ARM = pd.DataFrame({"seed": SEEDS, "base": BASE, "wide": WIDE})
BY_SEED = pd.DataFrame([{"model": "base"} | dict(enumerate(BASE)), {"model": "wide"} | dict(enumerate(WIDE))])


def judged(scores: Any, **options: Any) -> JudgedScores:
    usual: dict[str, Any] = {"margin": 0.5, "reference": "base"}
    return ablate.judge(scores, **(usual | options))


def write(frame: pd.DataFrame, path: Path) -> Path:
    match path.suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".tsv":
            frame.to_csv(path, index=False, sep="\t")
        case ".parquet":
            frame.rename(columns=str).to_parquet(path)
        case ".json":
            path.write_text(json.dumps(frame.to_dict("records")))
        case ".jsonl":
            path.write_text("\n".join(map(json.dumps, frame.to_dict("records"))))
    return path


@pytest.mark.parametrize("frame", [LONG, BY_ARM, BY_SEED], ids=["long", "by arm", "by seed"])
@pytest.mark.parametrize("ending", [None, ".csv", ".tsv", ".parquet", ".json", ".jsonl"])
def test_every_kind_of_table_gives_the_intervals_of_scipy(
    frame: pd.DataFrame, ending: str | None, tmp_path: Path
) -> None:
    scores = frame if ending is None else write(frame, tmp_path / f"scores{ending}")
    (row,) = judged(scores).verdicts.to_dict("records")
    interval = stats.ttest_rel(WIDE, BASE).confidence_interval(0.95)
    assert (row["arm"], row["against"], row["verdict"], row["pairs"]) == ("wide", "base", "better", 6)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))


def test_nested_json_and_semicolons_can_be_read(tmp_path: Path) -> None:
    nested = tmp_path / "a.json"
    nested.write_text(json.dumps({"base": dict(enumerate(BASE)), "wide": dict(enumerate(WIDE))}))
    LONG.to_csv(tmp_path / "b.csv", index=False, sep=";")
    for path in (nested, tmp_path / "b.csv"):
        assert judged(path).verdicts["verdict"].tolist() == ["better"]


@given(st.permutations(range(12)))
def test_the_order_of_rows_does_not_change_which_runs_are_read(order: list[int]) -> None:
    def read(frame: pd.DataFrame) -> set[tuple[str, int | str, float | None]]:
        runs, score = read_runs(rows_of_frame(frame, "scores"), Names())
        assert score == "acc"
        return {(run.arm, run.seed, run.score) for run in runs}

    assert read(LONG.iloc[order]) == read(LONG)


def test_the_order_of_rows_changes_no_verdict() -> None:
    found = judged(LONG.iloc[::-1]).verdicts
    assert found.round(9).equals(judged(LONG).verdicts.round(9))


def test_where_lower_is_better_the_verdict_turns_round() -> None:
    assert judged(LONG, lower_is_better=True).verdicts["verdict"].tolist() == ["worse"]


def test_looks_spend_the_error_and_wait_for_seeds_that_are_still_to_come() -> None:
    noisy = LONG.assign(acc=BASE + [x + y for x, y in zip(BASE, (1.0, -0.2, 0.8, -0.1, 0.9, 0.2), strict=True)])
    single, first = judged(LONG), judged(LONG, looks=[3, 6, 12])
    assert first.verdicts["level"][0] > single.verdicts["level"][0]
    assert judged(noisy, looks=[3, 6, 12]).page.missing_runs
    assert judged(noisy, looks=[3, 6, 12]).verdicts["verdict"].tolist() == ["waiting"]


FAULTS = {
    "duplicate": ("base,0,1\nbase,1,1\nwide,0,1\nwide,1,1\nbase,1,2\n", r"'base' seed 1 \(line 3, line 6\)"),
    "text": ("base,0,1\nwide,0,good\n", r"line 3: a score must be a number \(given: 'good'\)"),
    "seed": ("base,0,1\nwide,,2\n", r"line 3: a seed must be a number, or a label"),
    "cells": ("base,0,1\nwide,0\n", r"line 3: 2 cells under 3 columns"),
    "unpaired": ("base,0,1\nbase,1,1\nwide,2,1\n", r"'wide' cannot be paired"),
    "one arm": ("base,0,1\nbase,1,1\n", r"there is only one arm"),
    "no rows": ("", r"has no rows"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_a_table_is_named_with_its_line(fault: str, tmp_path: Path) -> None:
    text, message = FAULTS[fault]
    path = tmp_path / "scores.csv"
    path.write_text(f"arm,seed,acc\n{text}")
    with pytest.raises(AblateError, match=message):
        judged(path)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("nan", "its score is NaN"),
        ("inf", "its score is infinite"),
        ("", "it has no score"),
        (None, "not in the table"),
    ],
)
def test_a_run_without_a_finite_score_makes_its_arm_wait_unless_that_is_allowed(
    cell: str | None, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "scores.csv"
    lines = LONG.to_csv(index=False).splitlines()
    lines[9:10] = [] if cell is None else [f"wide,2,{cell}"]
    path.write_text("\n".join(lines))
    waiting, allowed = judged(path), judged(path, missing=1)
    assert waiting.verdicts["verdict"].tolist() == ["waiting"]
    place = "" if cell is None else " (line 10)"
    assert [(run.arm, run.seed, run.detail) for run in waiting.page.missing_runs] == [("wide", 2, f"{why}{place}")]
    assert allowed.page.missing_runs == []
    assert allowed.verdicts["pairs"].tolist() == [5]
    assert allowed.verdicts["verdict"].tolist() == ["better" if cell is None else "undecided"]


OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "reference": ({"reference": "bse"}, "did you mean 'base'"),
    "no reference": ({"reference": None}, "name it with --reference"),
    "margin": ({"margin": 0.0}, "--margin must be a number above 0"),
    "column": ({"score": "ac"}, "did you mean 'acc'"),
    "looks": ({"looks": [6, 3]}, "ascending"),
    "few looks": ({"looks": [2, 4]}, "but the table has 6"),
    "missing": ({"missing": 6}, "allowed: 0 to 5"),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_that_does_not_fit_is_refused(option: str) -> None:
    changes, message = OPTIONS[option]
    with pytest.raises(AblateError, match=message):
        judged(LONG, **changes)


def test_a_run_without_a_score_that_was_repeated_is_not_a_second_score() -> None:
    repeated = pd.concat([LONG.astype({"acc": object}), LONG.iloc[:1].assign(acc=None)])
    assert judged(repeated).page.missing_runs == []


def test_two_columns_of_numbers_are_not_guessed() -> None:
    with pytest.raises(AblateError, match="several columns have numbers; name the one with the scores: --score"):
        judged(LONG.assign(loss=1.0))
    assert judged(LONG.assign(loss=1.0), score="acc").verdicts["verdict"].tolist() == ["better"]


def test_the_report_is_that_of_a_study_as_far_as_scores_can_give_it(tmp_path: Path) -> None:
    path = write(LONG, tmp_path / "scores.csv")
    result = judged(path, output=tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    assert [
        title
        for title in ("Verdicts", "Every seed", "How robust are the verdicts?", "Methods")
        if f"## {title}" not in text
    ] == []
    assert not any(word in text for word in ("Learning curves", "MLflow", "epoch", "trained for"))
    assert {figure.name for figure in (tmp_path / "out" / "figures").iterdir()} == {"differences.svg", "seeds.svg"}
    verdicts = json.loads((tmp_path / "out" / "verdicts.json").read_text())
    jsonschema.validate(verdicts, verdict_schema())
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["answer"] == result.answer
    before = (tmp_path / "out" / "README.md").read_bytes()
    judged(path, output=tmp_path / "out")
    assert (tmp_path / "out" / "README.md").read_bytes() == before


def test_the_report_of_a_study_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "runs.csv").write_text("arm\n")
    with pytest.raises(AblateError, match="has the report of a study"):
        judged(LONG, output=tmp_path)


def test_judging_loads_neither_torch_nor_mlflow(tmp_path: Path) -> None:
    write(LONG, tmp_path / "scores.csv")
    words = ["judge", "scores.csv", "--margin", "0.5", "--reference", "base"]
    program = (
        f"import sys; from typer.testing import CliRunner; from ablate.cli import app\n"
        f"done = CliRunner().invoke(app, {words}); assert done.exit_code == 0, done.output\n"
        "print([name for name in ('torch', 'mlflow') if name in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr
    assert (tmp_path / "reports" / "scores" / "report.html").exists()


LABELS: dict[str, list[Any]] = {
    "text": [f"run-{letter}" for letter in "abcdef"],
    "floats": [0.5 + number for number in SEEDS],
    "UUIDs": [str(uuid.UUID(int=number)) for number in SEEDS],
    "mixed": ["0", "1", "2", "3", "4", "last"],
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("ending", [None, ".csv", ".parquet", ".json"])
def test_any_label_identifies_a_seed_and_changes_no_verdict(
    labels: list[Any], ending: str | None, tmp_path: Path
) -> None:
    named = LONG.assign(seed=[labels[seed] for seed in LONG.seed])
    scores = named if ending is None else write(named, tmp_path / f"scores{ending}")
    assert judged(scores).verdicts.equals(judged(LONG).verdicts)
    assert judged(scores).page.design.seeds == tuple(map(str, labels))


def test_the_report_calls_seeds_by_their_labels(tmp_path: Path) -> None:
    labels = LABELS["text"]
    named = LONG.assign(seed=[labels[seed] for seed in LONG.seed]).drop(index=8)
    found = judged(named, output=tmp_path, looks=[3, 6, 8])
    text = (tmp_path / "README.md").read_text()
    assert "seed run-a" in text
    assert "wide seed run-c" in text
    assert found.page.design.seeds[-2:] == ("later seed 7", "later seed 8")
    assert json.loads((tmp_path / "verdicts.json").read_text())["seeds"] == [*labels, "later seed 7", "later seed 8"]
