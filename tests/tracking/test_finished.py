"""Finished runs on a group's tracking server are adopted instead of trained again, and what is wrong is said."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from ablate.pipeline.adoption import adopt
from ablate.pipeline.status import look_over
from ablate.records.files import hash_file
from ablate.records.record import CHECKSUMMED_FILES, Record
from ablate.records.requests import RequestedRuns
from ablate.reporting.study.data import export
from ablate.studies.planning import Design
from ablate.tracking.finished import reusable
from ablate.training.events import EpochEnded, Failed, Started
from tests.helpers.commands import sweep_here, typed
from tests.helpers.mirrors import mlflow_runs, run_mirror
from tests.helpers.stored import result_of
from tests.helpers.tuned import write_tuned_study

FILES = ("epochs.json", "weights.safetensors", "arrays.safetensors")


@pytest.fixture
def colleague(swept: tuple[Path, Design], workplace: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a colleague, who has swept the tiny study; the current folder has the study and no record."""
    shutil.copy(empty_store, workplace / "server.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{workplace / 'server.db'}")
    for name in ("colleague", "mine"):
        (workplace / name).mkdir()
        shutil.copy(swept[0] / "tiny.yaml", workplace / name)
    monkeypatch.chdir(workplace / "colleague")
    shutil.copytree(swept[0] / ".ablate", ".ablate")
    assert not run_mirror(swept[1], Record())
    monkeypatch.chdir(workplace / "mine")
    return workplace / "colleague"


def artefact(name: str, run: str = "with seed 0") -> Path:
    """A file of one of the colleague's runs, as the server has it."""
    return Path(mlflow_runs()[run].info.artifact_uri.removeprefix("file://")) / name


def trained(record: Record, study: Design) -> list[str]:
    """The runs of a study that were trained in this folder, not adopted."""
    runs = {str(label): run_id for run_id, label in RequestedRuns.of(study).runs.items()}
    return [label for label, run_id in runs.items() if not result_of(record, run_id).adopted]


def test_a_run_that_a_colleague_trained_is_adopted_with_all_its_files_and_its_origin(
    colleague: Path, swept: tuple[Path, Design], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep_here(monkeypatch, "--reuse") == 0
    said = capsys.readouterr().out
    ours, theirs, origins = Record(), Record(colleague / ".ablate"), set()
    assert trained(ours, swept[1]) == []
    for run in swept[1].runs:
        for name in FILES:
            assert (ours.folder(run.id) / name).read_bytes() == (theirs.folder(run.id) / name).read_bytes()
        assert ours.is_intact(run.id)
        assert ours.adopted_from(run.id) is None, "its files are here, so reports need no other data"
        new, old = result_of(ours, run.id), result_of(theirs, run.id)
        assert new.model_copy(update={"adopted": None, "files": {}}) == old.model_copy(update={"files": {}})
        origins.add(new.adopted)
        assert f"adopted from {new.adopted}" in said
    originals = MlflowClient().search_runs(["1"])
    assert origins == {f"run {found.info.run_id} in sqlite:///{colleague.parent / 'server.db'}" for found in originals}
    details = {run.detail for run in look_over(RequestedRuns.of(swept[1]), ours).runs}
    assert details == {f"adopted from {origin}" for origin in origins}


def test_the_report_is_that_of_the_colleague(
    colleague: Path, swept: tuple[Path, Design], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sweep_here(monkeypatch, "--reuse", "--no-report") == 0
    export(swept[1], Record(colleague / ".ablate"), Path("theirs"))
    for path in Path("theirs/data").iterdir():
        assert (Path("reports/tiny/data") / path.name).read_bytes() == path.read_bytes()


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def cut_off(name: str) -> None:
    path = artefact(name)
    path.write_bytes(path.read_bytes()[:-1])


def of_another_recipe() -> None:
    edit(artefact("run.json"), recipe=99)
    edit(artefact("result.json"), files={name: hash_file(artefact(name)) for name in CHECKSUMMED_FILES})


DAMAGE: dict[str, tuple[Callable[[], object], str]] = {
    "damaged weights": (lambda: cut_off("weights.safetensors"), "its weights.safetensors is damaged"),
    "damaged epochs": (lambda: cut_off("epochs.json"), "its epochs.json is damaged"),
    "damaged result": (lambda: artefact("result.json").write_text("{"), "its result.json is damaged"),
    "another run": (lambda: edit(artefact("run.json"), seed=9), "its run.json is damaged"),
    "no arrays": (lambda: artefact("arrays.safetensors").unlink(), "its arrays.safetensors cannot be downloaded"),
    "no files": (lambda: shutil.rmtree(artefact("run.json").parent), "its run.json cannot be downloaded"),
    "another recipe": (of_another_recipe, "trained by recipe 99, and this is"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_cannot_be_used_is_trained_and_said(
    damage: str,
    colleague: Path,
    swept: tuple[Path, Design],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil, reason = DAMAGE[damage]
    spoil()
    assert sweep_here(monkeypatch, "--reuse") == 0
    assert trained(Record(), swept[1]) == ["with seed 0"]
    said = capsys.readouterr().err
    assert f"with seed 0 is trained here, not reused: {reason}" in said
    assert said.count("not reused") == 1


def test_of_several_copies_an_intact_one_is_used(
    colleague: Path, swept: tuple[Path, Design], workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off("weights.safetensors")
    second = workplace / "second"
    second.mkdir()
    monkeypatch.chdir(second)
    shutil.copytree(swept[0] / ".ablate", ".ablate")
    run_mirror(swept[1], Record())
    monkeypatch.chdir(workplace / "mine")
    assert sweep_here(monkeypatch, "--reuse") == 0
    assert trained(Record(), swept[1]) == []


def test_a_run_of_another_recipe_has_another_id_and_is_named_too(
    colleague: Path, swept: tuple[Path, Design], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("settings", "tracking.finished"):
        monkeypatch.setattr(f"ablate.{module}.RECIPE", 99)
    assert sweep_here(monkeypatch, "--reuse") == 0
    said = capsys.readouterr().err
    assert said.count("is trained here, not reused: trained by another recipe than 99") == 4


def test_a_run_of_which_the_server_has_only_scores_is_trained(
    colleague: Path, swept: tuple[Path, Design], workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(swept[1], Record(colleague / ".ablate"), Path("reports/tiny"))
    for run in swept[1].runs:
        MlflowClient().delete_run(mlflow_runs()[str(RequestedRuns.of(swept[1]).runs[run.id])].info.run_id)
    adopt(swept[1], Record())
    run_mirror(swept[1], Record())
    shutil.rmtree(".ablate")
    assert sweep_here(monkeypatch, "--reuse") == 0
    assert len(trained(Record(), swept[1])) == 4


def test_an_attempt_that_was_interrupted_here_gives_way(
    colleague: Path, swept: tuple[Path, Design], monkeypatch: pytest.MonkeyPatch
) -> None:
    record, run = Record(), swept[1].runs[0]
    row = Record(colleague / ".ablate").epochs(run.id)[0]
    record.write_event(run, Started(0, "cpu"))
    record.write_event(run, EpochEnded([row], b"not needed"))
    assert sweep_here(monkeypatch, "--reuse") == 0
    assert trained(record, swept[1]) == []
    assert sorted(path.name for path in record.folder(run.id).iterdir()) == sorted([*CHECKSUMMED_FILES, "result.json"])


def test_a_run_that_failed_here_is_adopted_when_it_would_be_trained_again(
    colleague: Path, swept: tuple[Path, Design], monkeypatch: pytest.MonkeyPatch
) -> None:
    record, run = Record(), swept[1].runs[0]
    record.write_event(run, Started(0, "cpu"))
    record.write_event(run, Failed("out of memory"))
    for retry_failed in (False, True):
        found = reusable(swept[1], record, warn=pytest.fail, retry_failed=retry_failed)
        assert (run in [item.run for item in found]) == retry_failed
        sweep_here(monkeypatch, "--reuse", *["--retry-failed"] * retry_failed)
        assert record.status(run.id) == ("finished" if retry_failed else "failed")


def test_mlflow_shows_adopted_runs_in_the_experiment_of_this_folder_too(
    colleague: Path, swept: tuple[Path, Design], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sweep_here(monkeypatch, "--reuse") == 0
    copies = MlflowClient().search_runs(["1", "2"], "tags.`ablate.adopted` != ''")
    originals = {found.info.run_id for found in mlflow_runs().values()}
    assert {copy.data.tags["ablate.adopted"].split()[1] for copy in copies} == originals
    assert {copy.info.status for copy in copies} == {"FINISHED"}


def test_the_trials_of_tuned_arms_are_adopted_too(
    workplace: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(empty_store, workplace / "server.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{workplace / 'server.db'}")
    for name, options in (("one", ()), ("two", ("--reuse",))):
        (workplace / name).mkdir()
        monkeypatch.chdir(workplace / name)
        write_tuned_study(workplace / name)
        capsys.readouterr()
        assert sweep_here(monkeypatch, *options) == 0
    results = [json.loads(path.read_text()) for path in Path(".ablate/runs").glob("*/result.json")]
    assert len(results) == len(list(Path("../one/.ablate/runs").glob("*/result.json"))) > 4
    assert all(result["adopted"] for result in results)
    assert "epoch" not in capsys.readouterr().out


def test_a_plan_counts_them_and_writes_nothing(
    colleague: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cut_off("weights.safetensors")
    assert typed("sweep", "tiny.yaml", "--dry-run", "--reuse", monkeypatch=monkeypatch) == 0
    said = capsys.readouterr()
    assert "with seed 0 is trained here, not reused" in said.err
    assert [path.name for path in Path.cwd().iterdir()] == ["tiny.yaml"]
    row = next(line for line in said.out.splitlines() if line.startswith("│ with "))
    assert [cell.strip() for cell in row.strip("│").split("│")][1:4] == ["(reference)", "1", "1"], row


def test_without_a_store_everything_is_trained(
    swept: tuple[Path, Design], workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(swept[0] / "tiny.yaml", workplace)
    assert typed("sweep", "tiny.yaml", "--dry-run", "--reuse", monkeypatch=monkeypatch) == 0
    assert not Path("mlflow.db").exists()


def test_a_server_that_does_not_answer_is_an_error_before_anything_is_trained(
    swept: tuple[Path, Design], workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(swept[0] / "tiny.yaml", workplace)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://user:hunter2@127.0.0.1:1")
    assert sweep_here(monkeypatch, "--reuse") == 2
    said = capsys.readouterr().err
    assert "--reuse: MLflow at http://127.0.0.1:1 cannot be read" in said
    assert "hunter2" not in said
    assert "Traceback" not in said
    assert not list(Path(".ablate").glob("runs/*"))
