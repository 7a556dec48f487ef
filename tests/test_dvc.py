"""Run `dvc repro` in clones of a small repository that has the code of this one and a tiny study."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.helpers.imports import closure, file_of
from tests.helpers.tiny import write_tiny_study

ROOT = Path(__file__).parent.parent
VENV = Path(sys.executable).parent
UP_TO_DATE = "Data and pipelines are up to date."
SWEPT, REPORTED = "Running stage 'sweep@tiny'", "Running stage 'report@tiny'"


def run(folder: Path, *words: str) -> str:
    """Run a command in a clone with the clone's own code, and return its output."""
    who = {f"GIT_{role}_{what}": "tester@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    places = {"PATH": f"{VENV}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(folder)}
    caches = {"DVC_SITE_CACHE_DIR": str(folder.parent / "site"), "DVC_GLOBAL_CONFIG_DIR": str(folder.parent / "user")}
    environment = os.environ | who | places | caches | {"COLUMNS": "160"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """A repository whose one study has been reproduced and committed."""
    folder = tmp_path_factory.mktemp("dvc") / "origin"
    folder.mkdir()
    for name in ("dvc.yaml", ".dvcignore", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    (folder / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copy(ROOT / ".dvc" / name, folder / ".dvc")
    shutil.copytree(ROOT / "ablate", folder / "ablate", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "experiments").mkdir()
    shutil.copy(ROOT / "experiments" / "linear_attention_parts.py", folder / "experiments")
    shutil.copytree(ROOT / "experiments" / "pictures", folder / "experiments" / "pictures")
    write_tiny_study(folder / "experiments")
    list_studies(folder, "tiny")
    shutil.copy(empty_store, folder / "mlflow.db")
    run(folder, "git", "init", "--quiet")
    run(folder, "dvc", "repro")
    commit(folder)
    return folder


def list_studies(folder: Path, *names: str) -> None:
    """List these studies in `dvc.yaml`, one per line."""
    lines = "".join(f"      - {name}\n" for name in names)
    text = (folder / "dvc.yaml").read_text()
    (folder / "dvc.yaml").write_text(re.sub(r"(?<=is one line\n)(      - .*\n)+", lines, text))


def commit(folder: Path) -> None:
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--message", "results")


@pytest.fixture
def clone(origin: Path, empty_store: Path, tmp_path: Path) -> Path:
    """A fresh clone."""
    run(tmp_path, "git", "clone", "--quiet", str(origin), "clone")
    shutil.copy(empty_store, tmp_path / "clone" / "mlflow.db")
    return tmp_path / "clone"


@pytest.mark.slow
def test_in_a_fresh_clone_everything_is_up_to_date_and_nothing_is_trained(clone: Path) -> None:
    output = run(clone, "dvc", "repro")
    assert UP_TO_DATE in output
    assert "Running" not in output
    assert not (clone / ".ablate").exists()
    assert run(clone, "git", "status", "--porcelain") == ""


@pytest.mark.slow
def test_after_a_change_of_a_template_only_the_report_is_written_again(clone: Path) -> None:
    edit(clone / "ablate/reporting/markup/templates/page.md.j2", "# ", "# Study ")
    output = run(clone, "dvc", "repro")
    assert (SWEPT in output, REPORTED in output) == (False, True)
    assert "\n# Study tiny: " in (clone / "reports/tiny/README.md").read_text()
    assert not (clone / ".ablate/runs").exists(), "nothing is swept"
    assert UP_TO_DATE in run(clone, "dvc", "repro")


@pytest.mark.slow
def test_a_comment_in_a_study_changes_nothing_and_a_new_margin_trains_nothing(clone: Path) -> None:
    study = clone / "experiments/tiny.yaml"
    study.write_text("# a comment\n" + study.read_text())
    assert UP_TO_DATE in run(clone, "dvc", "repro")
    edit(study, "margin: 0.25", "margin: 0.5")
    output = run(clone, "dvc", "repro")
    assert "4 runs, 4 of them recorded already, 0 to train." in output
    assert "margin of this study is 0.5 dB" in (clone / "reports/tiny/README.md").read_text()
    assert not [line for line in changed(clone) if "/data/" in line], "the same runs give the same data"


def changed(folder: Path) -> list[str]:
    return run(folder, "git", "status", "--porcelain").splitlines()


@pytest.mark.slow
def test_one_more_seed_in_a_fresh_clone_trains_only_the_new_runs(clone: Path) -> None:
    before = (clone / "reports/tiny/data/epochs.csv").read_text().splitlines()
    edit(clone / "experiments/tiny.yaml", "seeds: 2", "seeds: 3")
    output = run(clone, "dvc", "repro")
    assert "4 runs adopted" in output
    assert "6 runs, 4 of them recorded already, 2 to train." in output
    assert set(before) < set((clone / "reports/tiny/data/epochs.csv").read_text().splitlines())
    assert "were changed after a report had been written" in (clone / "reports/tiny/README.md").read_text()
    differences = run(clone, "dvc", "metrics", "diff", "--md")
    assert re.search(r"\| arms\.without\.pairs +\| 2 +\| 3 +\| 1 +\|", differences)
    commit(clone)
    assert UP_TO_DATE in run(clone, "dvc", "repro")


@pytest.mark.slow
def test_a_new_study_needs_one_line_and_shares_the_runs_of_other_studies(clone: Path) -> None:
    write_tiny_study(clone / "experiments", "other.yaml")
    list_studies(clone, "tiny", "other")
    output = run(clone, "dvc", "repro")
    assert "4 runs, 4 of them recorded already, 0 to train." in output
    assert SWEPT not in output
    assert REPORTED not in output
    assert "(other/README.md)" in (clone / "reports/README.md").read_text()


@pytest.mark.slow
def test_the_headline_numbers_are_dvc_metrics(clone: Path) -> None:
    shown = run(clone, "dvc", "metrics", "show")
    assert "reports/tiny/metrics.json" in shown
    assert "arms.without.difference" in shown


@pytest.mark.slow
def test_the_committed_reports_are_up_to_date() -> None:
    output = run(ROOT, "dvc", "status")
    assert UP_TO_DATE in output, "`dvc repro`, and commit what it wrote"


def stages() -> Any:
    return YAML(typ="safe").load(ROOT / "dvc.yaml")


def test_every_listed_study_has_its_data() -> None:
    (listed,) = (entry["studies"] for entry in stages()["vars"])
    assert listed
    assert "quickstart" not in listed, "the first sweep of a newcomer must train something"
    for name in listed:
        assert (ROOT / "experiments" / f"{name}.yaml").exists()
        assert (ROOT / "reports" / name / "data" / "runs.csv").exists()


def test_every_study_with_committed_data_is_listed() -> None:
    (listed,) = (entry["studies"] for entry in stages()["vars"])
    committed = run(ROOT, "git", "ls-files", "reports/*/data/runs.csv").splitlines()
    assert {Path(path).parts[1] for path in committed} == set(listed)


def test_dvc_sends_no_analytics_and_checks_for_no_updates() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / ".dvc" / "config")
    assert not config.getboolean("core", "analytics")
    assert not config.getboolean("core", "check_update")


STAGES = {
    "sweep": ("ablate.reporting.study.data", "ablate.strategies.choices"),
    "report": ("ablate.reporting.publishing", "ablate.strategies.choices"),
}
"""The code that writes `reports/*/data` and the code that writes the report; changes of the training raise RECIPE."""


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_all_the_code_that_writes_its_outputs(stage: str) -> None:
    listed = [path for path in stages()["stages"][stage]["do"]["deps"] if path.startswith("ablate/")]
    needed = {file_of(module) for module in closure(*STAGES[stage])}

    def covers(path: str, file: str) -> bool:
        return file == path or file.startswith(f"{path}/")

    assert [file for file in sorted(needed) if not any(covers(path, file) for path in listed)] == []
    assert [path for path in listed if not any(covers(path, file) for file in needed)] == []
