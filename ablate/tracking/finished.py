"""Finds finished runs on the tracking server, so that nobody in a group trains them again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ablate.errors import AblateError
from ablate.records.adoptable import Adoptable
from ablate.records.files import hash_file
from ablate.records.models import Result, RunFacts, read_epochs, read_stored
from ablate.records.record import CHECKSUMMED_FILES, Record
from ablate.records.requests import RequestedRuns
from ablate.settings import DEFAULTS, RECIPE, Run, dotted
from ablate.studies.planning import Design
from ablate.tracking.connection import connect, is_remote, page, redact_uri, server_address, store_exists, tracking_uri
from ablate.tracking.errors import describe_error
from ablate.tracking.paging import all_pages
from ablate.tracking.tags import RUN_TAG, STUDY_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

BINARY_FILES = ("weights.safetensors", "arrays.safetensors")
"""The files whose contents an adopted run keeps as they are; the record writes the others itself."""


class UnusableError(Exception):
    """What MLflow has of a run cannot be used; the message says why."""


class FinishedRuns:
    """Finds the runs of a study in all experiments of the tracking server, no matter who trained them.

    The recipe of each and the checksums of its files are checked before it is used. `warn` is called with a line for
    each run that is there but cannot be used.

    Raises:
        AblateError: MLflow cannot be read.
    """

    def __init__(self, requested: RequestedRuns, warn: Callable[[str], None]) -> None:
        self.requested, self.warn = requested, warn
        self.client: MlflowClient | None = None  # stays None while there is no store
        if not store_exists():
            return
        try:
            self.client = connect()
            self.client.search_experiments(max_results=1)
        except Exception as error:  # of the server, the network or the store
            where = redact_uri(tracking_uri())
            raise AblateError(f"--reuse: MLflow at {where} cannot be read ({describe_error(error)})") from None

    def __call__(self, run: Run) -> Adoptable | None:
        """A run as it was trained elsewhere; None if it is not on the server, or cannot be used."""
        if self.client is None:
            return None
        reasons = []
        try:
            for copy in _search(self.client, f"tags.`{RUN_TAG}` = '{run.id}'"):
                try:
                    return _read(self.client, run, copy)
                except UnusableError as error:
                    reasons.append(f"{error} ({_place(copy)})")
            if not reasons and (other := self._of_another_recipe(run)):
                reasons = [f"trained by another recipe than {RECIPE} ({_place(other)})"]
        except Exception as error:  # of the server, the network or the store
            reasons.append(f"MLflow cannot be read ({describe_error(error)})")
        if reasons:
            self.warn(f"{self.requested.label(run.id)} is trained here, not reused: {'; '.join(reasons)}.")
        return None

    def _of_another_recipe(self, run: Run) -> MlflowRun | None:
        """A run with the same settings in a study of this name, which has another id because of its recipe."""
        wanted = _texts(dotted(run))
        return next((copy for copy in self._of_this_name if _settings(copy) == wanted), None)

    @cached_property
    def _of_this_name(self) -> list[MlflowRun]:
        return list(_search(self.client, f"tags.`{STUDY_TAG}` = '{self.requested.study}'")) if self.client else []


def _search(client: MlflowClient, condition: str) -> Iterator[MlflowRun]:
    """The finished runs that meet a condition, in all experiments, of which new ones may have been created since."""
    experiments = [found.experiment_id for found in all_pages(client.search_experiments)]
    finished = f"{condition} AND attributes.status = 'FINISHED'"
    yield from all_pages(client.search_runs, experiment_ids=experiments, filter_string=finished)


def _read(client: MlflowClient, run: Run, copy: MlflowRun) -> Adoptable:
    """Download a run and check it.

    Raises:
        UnusableError: it cannot be used.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        _download(client, copy, ("run.json", "result.json"), folder)
        facts, result = read_stored(folder / "run.json", RunFacts), read_stored(folder / "result.json", Result)
        if facts is None or (facts.id, facts.seed) != (run.id, run.seed):
            raise UnusableError("its run.json is damaged")
        if facts.recipe != RECIPE:
            raise UnusableError(f"trained by recipe {facts.recipe}, and this is {RECIPE}")
        if result is None:
            raise UnusableError("its result.json is damaged")
        if result.has_only_scores:
            raise UnusableError("it has scores, but no weights")
        _download(client, copy, CHECKSUMMED_FILES, folder)
        for file in CHECKSUMMED_FILES:
            if hash_file(folder / file) != result.files.get(file):
                raise UnusableError(f"its {file} is damaged")
        adopted = result.model_copy(update={"adopted": result.adopted or _place(copy)})
        contents = {file: (folder / file).read_bytes() for file in BINARY_FILES}
        return Adoptable(run, facts.began, read_epochs(folder / "epochs.json"), adopted, contents)


def _download(client: MlflowClient, copy: MlflowRun, names: Sequence[str], folder: Path) -> None:
    """Download those files of a run that are not in the folder yet."""
    for name in names:
        if (folder / name).exists():
            continue
        try:
            client.download_artifacts(copy.info.run_id, name, str(folder))
        except Exception as error:  # MLflow has one of its own for each kind of place
            raise UnusableError(f"its {name} cannot be downloaded ({describe_error(error)})") from None


def reusable(
    design: Design, record: Record, warn: Callable[[str], None], *, retry_failed: bool = False
) -> list[Adoptable]:
    """The runs of a study that a sweep would adopt from the tracking server, without the contents of their files.

    Raises:
        AblateError: MLflow cannot be read.
    """
    find = FinishedRuns(RequestedRuns.of(design), warn)
    missing = [run for run in design.runs if record.needs_training(run.id, retry_failed=retry_failed)]
    return [replace(found, files={}) for run in missing if (found := find(run))]


def _settings(copy: MlflowRun) -> Mapping[str, str]:
    """The settings of a run in MLflow; those that it did not have yet are the default."""
    return _texts(DEFAULTS) | copy.data.params


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as MLflow has them: as they are in `run.json`, which has no tuples, and as texts."""
    return {name: str(value) for name, value in json.loads(json.dumps(settings)).items()}


def _place(copy: MlflowRun) -> str:
    """Where a run is: its page on the server, or its id in another store."""
    if is_remote():
        return f"{server_address()}/{page(copy.info.experiment_id).partition('?')[0]}/{copy.info.run_id}"
    return f"run {copy.info.run_id} in {redact_uri(tracking_uri())}"
