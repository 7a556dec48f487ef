"""A study with parts of its own, from its files to its record, MLflow and workers."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import ANY

import pytest

import ablate
from ablate.errors import AblateError
from ablate.executors.local import LocalExecutor
from ablate.pipeline.sweep import sweep
from ablate.pipeline.trained import find_by_id, load_network
from ablate.records.record import Record
from ablate.strategies.fixed import Fixed
from ablate.training.events import Ended
from ablate.variants.files import digest
from tests.helpers.commands import mlflow_runs, sweep_here, typed
from tests.helpers.parts import GATE, HEAD, HELPER, PARTS, write_parts_study

SPOILED = "raise SystemExit('this must not be executed')\n"


def test_a_sweep_keeps_the_texts_with_the_runs_that_use_them(
    workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = ablate.load_study(write_parts_study(workplace))
    assert sweep_here(monkeypatch) == 0
    folders = {cell.arm.name: Record().folder(cell.run.id) / "parts" for cell in design.cells}
    texts = {arm: {path.name: path.read_text() for path in folder.glob("*")} for arm, folder in folders.items()}
    both = {"gate.py": GATE, "helper.py": HELPER}
    assert texts == {"softmax": {}, "gate": both, "wide gate": both}


def test_mlflow_has_the_texts_and_the_settings_of_parts(
    workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    from ablate.tracking.connection import tracking_uri

    write_parts_study(workplace)
    assert sweep_here(monkeypatch) == 0
    client = MlflowClient(tracking_uri=tracking_uri())
    runs = {run.data.tags["ablate.arm"]: run for run in mlflow_runs()}
    files = {arm: {file.path for file in client.list_artifacts(run.info.run_id)} for arm, run in runs.items()}
    assert {"gate.py", "helper.py"} <= files["wide gate"] - files["softmax"]
    assert runs["wide gate"].data.params["parts.gate.rank"] == "4"
    assert runs["wide gate"].data.params["parts.gate"] == runs["gate"].data.params["parts.gate"]
    assert "parts.gate" not in runs["softmax"].data.params


def test_a_damaged_text_sets_the_result_aside(workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ablate.load_study(write_parts_study(workplace)).arms[1].run(0)
    assert sweep_here(monkeypatch) == 0
    record = Record(warn=lambda line: None)
    (record.folder(run.id) / "parts" / "gate.py").write_text("")
    record.set_aside_damaged([run.id])
    assert record.status(run.id) == "unfinished"


@pytest.mark.slow
def test_a_worker_executes_the_text_that_was_planned_not_what_the_file_has_become(workplace: Path) -> None:
    run = ablate.load_study(write_parts_study(workplace)).arms[1].run(0)
    for name in ("gate.py", "helper.py"):
        (workplace / name).write_text(SPOILED)
    record = Record()
    with LocalExecutor(["cpu"]) as executor:
        sweep(Fixed([run]), executor, record)
    *_, here = ablate.train(run)
    result = record.result(run.id)
    assert result is not None
    assert isinstance(here, Ended)
    assert result.results == here.results | {"cost/train_seconds": ANY}


@pytest.mark.slow
def test_the_traceback_of_a_worker_shows_file_and_line(workplace: Path) -> None:
    text = GATE.replace(
        "return self.scale", "assert not self.training or x_BND.std() < 0, 'no'\n        return self.scale"
    )
    run = ablate.load_study(write_parts_study(workplace, gate=text, helper=HELPER)).arms[1].run(0)
    record = Record()
    with LocalExecutor(["cpu"]) as executor:
        sweep(Fixed([run]), executor, record)
    failure = record.failure(run.id)
    assert failure is not None
    assert 'File "gate.py [' in failure.trace
    assert "line 24, in forward\n    assert not self.training or x_BND.std() < 0, 'no'" in failure.trace


@pytest.mark.parametrize("words", ["sweep tiny.yaml", "sweep tiny.yaml --dry-run", "describe tiny.yaml"])
def test_a_part_that_does_not_work_is_one_line_before_anything_is_trained(
    words: str, workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_parts_study(workplace, gate=GATE.replace("self.up(self.down(x_BND))", "self.down(x_BND)"), helper=HELPER)
    assert typed(*words.split(), monkeypatch=monkeypatch) == 2
    assert (
        "error: gate.py:15: gate returns (2, 4, 2); allowed: (2, 4, 8), as the input has\n" in capsys.readouterr().err
    )
    assert not Path(".ablate", "runs").exists()


def test_a_search_tries_its_parts_first(
    workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_parts_study(workplace, gate=GATE.replace("self.up(self.down(x_BND))", "self.down(x_BND)"), helper=HELPER)
    text = "question: Which?\nvariants: [gate.py, helper.py]\nspace: {model.attention: [softmax, gate]}\ntrials: 2\n"
    Path("find.yaml").write_text(text)
    assert typed("search", "find.yaml", monkeypatch=monkeypatch) == 2
    assert "error: gate.py:15: gate returns (2, 64, 2)" in capsys.readouterr().err


def test_runs_of_parts_can_be_adopted(workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design = ablate.load_study(write_parts_study(workplace))
    assert sweep_here(monkeypatch) == 0
    Path(".ablate").rename("elsewhere")
    assert sweep_here(monkeypatch, "--adopt") == 0
    folder = Record().folder(design.arms[1].run(0).id)
    assert (folder / "parts" / "gate.py").read_text() == GATE
    assert not (folder / "weights.safetensors").exists()


def test_the_dry_run_shows_parameters_and_flops_of_parts(
    workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_parts_study(workplace)
    assert sweep_here(monkeypatch, "--dry-run") == 0
    shown = capsys.readouterr().out
    assert "gate: gate (gate.py:15), 42 params, 0.00 MFLOPs per image in all.\n" in shown
    assert "softmax: " not in shown


def test_the_report_names_the_parts_and_their_files(
    workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = ablate.load_study(write_parts_study(workplace))
    assert sweep_here(monkeypatch) == 0
    text = " ".join(Path("reports/tiny/README.md").read_text().split())
    assert "(model.attention) is a part of this study's own, from gate.py and helper.py" in text
    assert digest(design.study.variants.files) in text


def test_a_study_with_a_part_in_every_place_is_swept_reported_and_logged(
    workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {place: f"own{place.partition('.')[2]}" for place in PARTS}
    own = {place: [name] if place == "data.noise" else name for place, name in names.items()}
    arms = {"all": own, "all but one": own | {"model.attention": "softmax"}}
    texts = {
        name: HEAD + PARTS[place].replace("PLACE", place).replace('"own"', f'"{name}"') for place, name in names.items()
    }
    write_parts_study(workplace, f"arms: {json.dumps(arms)}\nreference: all\n", seeds=1, **texts)
    assert sweep_here(monkeypatch) == 0
    text = " ".join(Path("reports/tiny/README.md").read_text().split())
    assert [place for place, name in names.items() if f'"{name}" ({place}) is a part' not in text] == []
    for run in mlflow_runs():
        assert run.inputs is not None
        dataset = run.inputs.dataset_inputs[0].dataset
        assert dataset.name == "ownsource"
        task = json.loads(str(dataset.profile))
        assert {name for name in task if name.startswith("parts.")} == {"parts.ownsource", "parts.ownnoise"}


def test_the_network_of_a_recorded_run_is_made_from_the_recorded_texts(
    workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ablate.load_study(write_parts_study(workplace)).arms[2].run(0)
    assert sweep_here(monkeypatch) == 0
    for name in ("gate.py", "helper.py"):
        (workplace / name).write_text(SPOILED)
    found = find_by_id(Record(), run.id)
    assert found.run == run
    assert type(load_network(found, Record()).encoder.blocks[0].attention).__name__ == "Gate"
    (Record().folder(run.id) / "parts" / "helper.py").write_text("def start():\n    return 2.0\n")
    with pytest.raises(AblateError, match="these files are not those that trained the run"):
        find_by_id(Record(), run.id)
