"""`ablate judge` checks claims by its exit code, and judges the runs that MLflow has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.helpers.commands import typed
from tests.helpers.committed import ROOT
from tests.pipeline.test_judge import BY_ARM

PAGE = (ROOT / "docs" / "judge.md").read_text()


@pytest.fixture
def words(workplace: Path) -> list[str]:
    BY_ARM.to_csv("scores.csv", index=False)
    return ["judge", "scores.csv", "--margin", "0.5", "--reference", "base"]


@pytest.mark.parametrize(("verdict", "code"), [("better", 0), ("worse", 1)])
def test_check_says_by_its_exit_code_whether_claims_hold(
    verdict: str, code: int, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("claims.yaml").write_text(f"expect:\n  - {{arm: wide, verdict: {verdict}}}\n")
    assert typed(*words, "--claims", "claims.yaml", "--check", monkeypatch=monkeypatch) == code
    assert f'Claim: "wide" is {verdict} than "base": {"contradicted" if code else "held"}' in capsys.readouterr().out
    assert not Path("reports").exists()


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ("expect:\n  - {arm: wid, verdict: better}\n", "claims.yaml:2:11: unknown arm 'wid'; did you mean 'wide'?"),
        ("expect:\n  - {arm: wide, verdict: best}\n", "claims.yaml:2:26: "),
        ("claims: []\n", "claims.yaml:1:1: unknown key 'claims'"),
        ("expect:\n  - {arm: base, verdict: better}\n", "claims.yaml:2:11: 'base' is compared with itself"),
    ],
)
def test_a_mistake_in_a_file_of_claims_has_its_place(
    claims: str, message: str, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("claims.yaml").write_text(claims)
    assert typed(*words, "--claims", "claims.yaml", monkeypatch=monkeypatch) == 2
    assert message in capsys.readouterr().err


def test_latex_is_printed_and_nothing_is_written(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(*words, "--latex", monkeypatch=monkeypatch) == 0
    assert r"wide & 6 &" in capsys.readouterr().out
    assert not Path("reports").exists()


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--check"], "--check needs --claims"),
        (["--looks", "3;6"], "--looks must be numbers of seeds"),
        (["--mlflow", "peers"], "allowed: SCORES or --mlflow EXPERIMENT"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    extra: list[str],
    message: str,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert typed(*words, *extra, monkeypatch=monkeypatch) == 2
    assert message in capsys.readouterr().err


FAILING = """
with mlflow.start_run():
    mlflow.log_params({"model": "wide", "seed": 5})
    mlflow.log_metric("accuracy", 10.0)
    raise ZeroDivisionError
"""
"""A run that was repeated, so it counts for nothing."""


def command_of_page(beginning: str) -> list[str]:
    """The words after `ablate` of the command of the page that begins like this."""
    return next(line for line in PAGE.splitlines() if line.startswith(beginning)).split()[1:]


def test_the_runs_of_a_plain_loop_get_the_verdicts_that_the_page_shows(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The runs have the scores with which the program ended that the page names."""
    client = MlflowClient(f"sqlite:///{store}")
    experiment = client.create_experiment("peers")
    for row in pd.read_csv(ROOT / "benchmarks" / "peers" / "scores.csv", dtype=str).to_dict("records"):
        run = client.create_run(experiment).info.run_id
        client.log_param(run, "rate", row["rate"])
        client.log_param(run, "seed", row["seed"])
        client.log_metric(run, "test/psnr", float(row["psnr"]))
        client.set_terminated(run)
    assert typed(*command_of_page("ablate judge --mlflow peers"), monkeypatch=monkeypatch) == 0
    shown = PAGE.split("ablate judge --mlflow peers")[1].split("```text\n")[1].split("```")[0]
    printed = " ".join(capsys.readouterr().out.split())
    assert " ".join(shown.split()) in printed


def test_the_runs_of_the_page_that_mlflow_has_are_judged_as_it_says(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = PAGE.split("```python\n")[1].split("```")[0] + FAILING
    # in a process of its own, since MLflow's fluent calls set variables of the environment
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{store}"}
    logged = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert logged.stderr.rstrip().endswith("ZeroDivisionError")
    command = command_of_page("ablate judge --mlflow variants")
    assert typed(*command, "--tracking-uri", f"sqlite:///{store}", monkeypatch=monkeypatch) == 0
    verdicts = json.loads(Path("reports/variants/verdicts.json").read_text())["verdicts"]
    assert {v["arm"]: v["verdict"] for v in verdicts} == {"wide": "better", "deep": "equivalent"}
    capsys.readouterr()
    assert typed(*["judge", "--mlflow", "variant", "--margin", "1"], monkeypatch=monkeypatch) == 2
    assert "did you mean 'variants'?" in capsys.readouterr().err
