"""Recorded runs keep their numbers, and get the ids that recipe 2 gives the same runs."""

from pathlib import Path

import pytest

from ablate.overrides import resolve
from ablate.pipeline.adoption import adopt
from ablate.records.record import Record
from ablate.reporting.study.data import export
from ablate.strategies.choices import tuned
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from benchmarks.recipe_2 import EARLIER, earlier_id, migrate, runs_of
from tests.helpers.committed import ROOT, restore

OTHERS = {"model.heads": 8, "training.rate": 3e-4, "data.cells.radius": [4, 9], "model.skip": "none"}


@pytest.mark.parametrize(
    ("overrides", "seed", "expected"),
    [
        (EARLIER, 0, "7973fd555b0f1560"),  # golden ids of tests/test_settings.py when the recipe was 1
        (EARLIER | OTHERS, 3, "3b164f2080fd8e63"),
        ({"training.ema": 0.99, "model.heads": 1}, 0, "493d51259fc78b4a"),  # of heads, which named the settings
    ],
)
def test_the_earlier_id_is_that_of_recipe_1(overrides: dict[str, object], seed: int, expected: str) -> None:
    run = resolve(overrides).run(seed)
    new = run.id
    assert earlier_id(run) == expected
    assert run.id == new != expected


def write_as_recipe_1(report: Path, design: Design) -> dict[Path, str]:
    """Write the ids of recipe 1 into the data of a report; returns what the files were before."""
    files = {path: path.read_text() for path in [*report.glob("data/*.csv"), report / "data" / "looks.json"]}
    runs = list(runs_of(design, report))
    for path, text in files.items():
        for run in runs:
            text = text.replace(run.id, earlier_id(run))
        path.write_text(text)
    return files


def test_a_migrated_report_has_the_data_of_this_recipe_and_its_runs_are_adopted(
    swept: tuple[Path, Design], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, design = swept
    monkeypatch.chdir(folder)
    report, record = tmp_path / design.name, Record(tmp_path / "record")
    export(design, Record(), report)
    files = write_as_recipe_1(report, design)
    assert adopt(design, record, tmp_path) == []
    assert migrate(design, report) == len(design.runs)
    assert {path: path.read_text() for path in files} == files
    assert {run.id for run in adopt(design, record, tmp_path)} == {run.id for run in design.runs}
    assert migrate(design, report) == 0


def test_the_trials_of_tuned_arms_get_new_ids_too(tmp_path: Path) -> None:
    design = load_study(ROOT / "experiments" / "skips_tuned.yaml")
    report = restore(tmp_path, "reports/skips_tuned/data") / "reports" / "skips_tuned"
    files = write_as_recipe_1(report, design)
    assert design.study.tune
    assert migrate(design, report) == len(tuned(design, report).runs) + 2 * design.study.tune.trials
    assert {path: path.read_text() for path in files} == files
