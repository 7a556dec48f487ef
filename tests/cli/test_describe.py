"""`ablate describe`, `ablate schema` and the dry run, as they are typed."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ablate.cli import app
from ablate.denoiser.anatomy import describe
from ablate.records.record import Record
from ablate.reporting.anatomy import render
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.studies.schema import study_schema
from ablate.training.events import Failed
from tests.helpers.tiny import write_tiny_study


def typed(*words: str) -> str:
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


def test_describe_shows_every_part_of_the_default_network_with_its_numbers() -> None:
    shown = typed("describe")
    for part in describe().network:
        times = "" if part.count == 1 else f"{part.count} x "
        assert part.name == "denoiser" or f"{part.name}: {times}{part.kind}" in shown
    assert "1x64x64 -> 1x64x64, 171,317 params, 37.65 MFLOPs" in shown
    assert "Not linear: LayerNorm, Attention, GELU, ReLU." in shown
    assert "into the decoder: none, unlike a U-Net" in shown
    assert len(re.findall(r"│ +4,224 │ +0.262 │ +0.262 │", shown)) == 6


def test_describe_json_has_the_same_numbers() -> None:
    assert json.loads(typed("describe", "--json")) == {
        "the default network": json.loads(json.dumps(asdict(describe())))
    }


def test_describe_takes_each_network_of_a_study_apart_once(workplace: Path) -> None:
    path = workplace / "two.yaml"
    path.write_text(
        write_tiny_study(workplace).read_text().replace("without:", "faster: {training.rate: 0.1}\n  without:")
    )
    found = json.loads(typed("describe", str(path), "--json"))
    assert list(found) == ["with = faster", "without"]


def test_describe_tells_the_arms_of_a_study_apart(workplace: Path) -> None:
    path = write_tiny_study(workplace, arms="{one: {model.mlp_ratio: 1}, with: {model.mlp_ratio: 2}}")
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith("  with")))
    shown = typed("describe", str(path))
    assert "one: 1x16x16" in shown
    assert "with: 1x16x16" in shown


def test_the_page_of_questions_is_printed(workplace: Path) -> None:
    assert typed("describe", "--markdown") == render()


def test_the_schema_is_printed() -> None:
    assert json.loads(typed("schema")) == study_schema()


@pytest.mark.parametrize(("options", "slots"), [([], ""), (["--workers", "3"], "3 slots (cpu)")])
def test_the_dry_run_says_how_long_the_sweep_will_take(workplace: Path, options: list[str], slots: str) -> None:
    path = write_tiny_study(workplace)
    shown = typed("sweep", str(path), "--dry-run", "--device", "cpu", *options)
    assert re.search(r"About \d+ (s|min) in \d+ slots? \(cpu\); arms: 2 by timed steps\.", shown)
    assert slots in shown
    assert all(arm.name in shown for arm in load_study(path).arms)


def test_the_dry_run_of_a_swept_study_says_that_nothing_is_left(swept_copy: tuple[Record, Design]) -> None:
    assert "Nothing to train." in typed("sweep", "tiny.yaml", "--dry-run")


def test_the_dry_run_of_a_retry_plans_only_failed_runs(swept_copy: tuple[Record, Design]) -> None:
    record, study = swept_copy
    broken = study.runs[0]
    (record.folder(broken.id) / "result.json").unlink()
    record.write_event(broken, Failed("broke"))
    assert "Nothing to train." in typed("sweep", "tiny.yaml", "--dry-run")
    assert re.search("About .* arms: 1 by", typed("sweep", "tiny.yaml", "--dry-run", "--retry-failed"))


def test_the_dry_run_counts_the_slots_that_there_will_be(workplace: Path) -> None:
    write_tiny_study(workplace)
    assert "in 1 slot (cpu)" in typed("sweep", "tiny.yaml", "--dry-run", "--device", "cpu", "--executor", "inprocess")
