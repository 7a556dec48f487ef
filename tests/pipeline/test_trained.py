"""A trained network is found by what the user types; where there is none, the message says what trains it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from ablate.data.task import Task
from ablate.errors import AblateError
from ablate.overrides import resolve
from ablate.pipeline.trained import FoundRun, find_by_id, find_by_label, load_network
from ablate.records.adoptable import Adoptable
from ablate.records.record import Record
from ablate.records.requests import Label, RequestedRuns, save_requested
from ablate.settings import Run
from ablate.studies.planning import Design
from ablate.training.evaluation import evaluate
from ablate.training.events import EpochEnded, Failed, Started
from tests.helpers.commands import sweep_here
from tests.helpers.stored import result_of
from tests.helpers.tiny import tiny_run


@pytest.fixture
def requested(swept_copy: tuple[Record, Design]) -> tuple[Record, Design]:
    record, design = swept_copy
    save_requested(record.root, RequestedRuns.of(design, RequestedRuns("tiny", "", {}, file="tiny.yaml")))
    return record, design


def test_a_run_is_found_by_its_id_its_beginning_and_its_label(requested: tuple[Record, Design]) -> None:
    record, design = requested
    for cell in design.cells:
        found = find_by_id(record, cell.run.id)
        assert found == find_by_id(record, cell.run.id[:6]) == find_by_label(record, Path("x/tiny.yaml"), *label(cell))
        assert found.run == cell.run
        assert str(found) == f"tiny: {cell.arm.name} seed {cell.seed}"


def label(cell: object) -> tuple[str, int]:
    return cell.arm.name, cell.seed  # type: ignore[attr-defined]


def test_a_run_of_two_studies_has_the_name_that_the_given_study_uses(requested: tuple[Record, Design]) -> None:
    record, design = requested
    cell = design.cells[0]
    save_requested(record.root, RequestedRuns("another", "", {cell.run.id: Label("first", 9)}))
    assert str(find_by_label(record, Path("tiny.yaml"), *label(cell))) == f"tiny: {cell.arm.name} seed {cell.seed}"
    assert str(find_by_label(record, Path("another.yaml"), "first", 9)) == "another: first seed 9"


def test_a_trial_of_a_search_is_trained_by_its_own_command(workplace: Path) -> None:
    record, run = Record(), tiny_run()
    record.write_event(run, Started(0, "cpu"))
    save_requested(record.root, RequestedRuns("rates", "", {run.id: Label("trial 1", 0)}, file="rates.yaml"))
    with pytest.raises(AblateError, match=r"has no weights yet; `ablate search rates.yaml` trains it"):
        load_network(find_by_id(record, run.id), record)


def test_the_network_is_the_one_that_was_scored(requested: tuple[Record, Design]) -> None:
    record, design = requested
    run = design.runs[0]
    model = load_network(find_by_id(record, run.id), record)
    assert not model.training
    with torch.no_grad():
        found = evaluate(model, Task.of(run.model, run.data), "test", run.data.test)
    assert found.scores["mse"] == pytest.approx(result_of(record, run.id).results["test/mse"], rel=1e-5)


def test_what_names_no_run_is_answered_with_what_does(requested: tuple[Record, Design]) -> None:
    record, _ = requested
    for beginning, rule in (("zzz", "no run has an id that begins with 'zzz'"), ("", "no run has an id")):
        with pytest.raises(AblateError, match=rule):
            find_by_id(record, beginning)
    shutil.copytree(record.folder(find_by_label(record, Path("tiny"), "with", 0).run.id), record.root / "runs" / "ff1")
    shutil.copytree(record.root / "runs" / "ff1", record.root / "runs" / "ff2")
    with pytest.raises(AblateError, match="2 runs begin with 'ff': ff1, ff2"):
        find_by_id(record, "ff")
    for words, rule in (
        (("tinny", "with", 0), "'tinny' was not swept in this folder; did you mean 'tiny'"),
        (("tiny", "wiht", 0), "did you mean 'with'"),
        (("tiny", "with", 7), "no seed 7; allowed: 0, 1"),
    ):
        with pytest.raises(AblateError, match=rule):
            find_by_label(record, Path(words[0]), *words[1:])


def test_in_an_empty_folder_the_message_says_how_to_begin(workplace: Path) -> None:
    with pytest.raises(AblateError, match="`ablate sweep STUDY` trains runs"):
        find_by_id(Record(), "ab")
    with pytest.raises(AblateError, match=r"`ablate sweep experiments/heads\.yaml` trains its runs"):
        find_by_label(Record(), Path("experiments/heads.yaml"), "heads=4", 0)


def test_a_run_without_a_result_says_how_it_gets_one(workplace: Path) -> None:
    record, run = Record(), tiny_run()
    record.write_event(run, Started(0, "cpu"))
    record.write_event(run, EpochEnded([], b""))
    with pytest.raises(AblateError, match=r"unfinished and has no weights yet; `ablate sweep STUDY` trains it"):
        load_network(find_by_id(record, run.id), record)
    record.write_event(run, Failed("out of memory"))
    with pytest.raises(AblateError, match=r"is failed .*; `ablate sweep STUDY --retry-failed` trains it"):
        load_network(find_by_id(record, run.id), record)


def test_damaged_weights_are_not_used(requested: tuple[Record, Design]) -> None:
    record, design = requested
    path = record.folder(design.runs[0].id) / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(AblateError, match=r"weights.safetensors: missing or damaged; `ablate sweep tiny.yaml` trains"):
        load_network(find_by_id(record, design.runs[0].id), record)
    path.unlink()
    with pytest.raises(AblateError, match="missing or damaged"):
        load_network(find_by_id(record, design.runs[0].id), record)


@pytest.mark.slow
def test_an_adopted_run_is_answered_with_the_command_that_trains_it(
    requested: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, design = requested
    run = design.runs[0]
    result = result_of(record, run.id).model_copy(update={"adopted": "reports/tiny/data"})
    shutil.rmtree(record.folder(run.id))
    record.adopt(Adoptable(run, 0.0, [], result))
    with pytest.raises(AblateError, match=r"adopted from reports/tiny/data, which has scores but no weights") as caught:
        load_network(find_by_id(record, run.id), record)
    command = re.search(r"`rm -r (\S+) && ablate sweep tiny\.yaml` trains it here", str(caught.value))
    assert command
    shutil.rmtree(command[1])
    assert sweep_here(monkeypatch) == 0
    assert load_network(find_by_id(record, run.id), record)


def test_the_values_of_a_picture_are_read_as_in_the_training(tmp_path: Path) -> None:
    for value, name in enumerate("abc"):
        np.save(tmp_path / f"{name}.npy", np.full((64, 64), value, np.uint16))
    of_pictures = {"data.source": "images", "data.path": str(tmp_path), "data.noise": ["gaussian"]}
    trained = resolve(of_pictures | {"data.range": [0, 4095]}).run(0)
    assert FoundRun(trained).range == (0, 4095)
    assert FoundRun(resolve(of_pictures).run(0)).range is None
    assert FoundRun(Run()).range is None
