"""The experiment of a study in MLflow: found, restored or created, and only ever one that belongs to this record."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.records.identity import is_fresh_copy, read_id, record_id
from ablate.tracking.connection import artifact_location, is_default_store, local_store
from ablate.tracking.tags import RECORD_TAG, RUN_TAG, STUDY_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

FILES = Path("mlruns")
"""Where the files of a local store are, below the current folder."""


def open_experiment(client: MlflowClient, study: str, question: str, root: Path) -> Experiment:
    """Find the experiment of a study in the record below `root`, restore it or create it.

    It has the name of the study, unless that is taken by another record: its name then ends with the record's id.
    """
    found = find_experiment(client, study, root)
    if found is None:
        return _create_experiment(client, study, question, root)
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    if found.tags.get(RECORD_TAG) != record_id(root):
        client.set_experiment_tag(found.experiment_id, RECORD_TAG, record_id(root))
    location = artifact_location(FILES / study)
    if location and found.artifact_location != location:
        _move_files(found, location)
    return found


def _create_experiment(client: MlflowClient, study: str, question: str, root: Path) -> Experiment:
    from mlflow.exceptions import MlflowException

    tags = {"mlflow.note.content": question, "mlflow.experimentKind": "custom_model_development"}
    tags |= {STUDY_TAG: study, RECORD_TAG: record_id(root)}
    location, own_name = artifact_location(FILES / study), _own_name(study, record_id(root))
    if client.get_experiment_by_name(study) is None:
        try:
            return client.get_experiment(client.create_experiment(study, location, tags))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # a sweep in another folder has created it since
                raise
    return client.get_experiment(client.create_experiment(own_name, location, tags))


def find_experiment(client: MlflowClient, study: str, root: Path) -> Experiment | None:
    """The experiment of a study in the record below `root`, deleted or not; None if there is none.

    A copy of a record has none until something is sent from it: the experiments with its id are those of the original.
    """
    own = None if is_fresh_copy(root) else read_id(root)
    named = client.get_experiment_by_name(study)
    if named is not None and _belongs(client, named, own):
        return named
    return client.get_experiment_by_name(_own_name(study, own)) if own else None


def _belongs(client: MlflowClient, experiment: Experiment, own: str | None) -> bool:
    """Whether an experiment that has the name of a study is that of the record with this id.

    If the store is in this folder, so is an experiment of an earlier record here, which was deleted. One without a mark
    is from an earlier version of this program if it has runs of it, and somebody else's if not.
    """
    from mlflow.entities import ViewType

    if owner := experiment.tags.get(RECORD_TAG):
        return is_default_store() or owner == own
    ours = f"tags.`{RUN_TAG}` != ''"
    return bool(client.search_runs([experiment.experiment_id], ours, ViewType.ALL, max_results=1))


def _own_name(study: str, record: str) -> str:
    return f"{study} ({record[:6]})"


def _move_files(experiment: Experiment, location: str) -> None:
    """Correct where a local store looks for files, if its folder was moved or copied.

    MLflow stores absolute addresses, and has no request that changes them. An experiment whose files somebody put
    elsewhere is left as it is.
    """
    former, below_folder = experiment.artifact_location, location.removeprefix(Path.cwd().as_uri())
    if not former.endswith(below_folder):
        return
    with closing(sqlite3.connect(str(local_store()))) as store, store:
        number = int(experiment.experiment_id)
        store.execute("UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?", (location, number))
        store.execute(
            "UPDATE runs SET artifact_uri = ? || substr(artifact_uri, ?)"
            " WHERE experiment_id = ? AND substr(artifact_uri, 1, ?) = ?",
            (location, len(former) + 1, number, len(former), former),
        )
