"""Finds runs on the tracking server that have finished, so that a group trains nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
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
from ablate.tracking.tags import RUN_TAG, STUDY_TAG

if TYPE_CHECKING:
    from mlflow.entities import Run as MlflowRun

BINARY_FILES = ("weights.safetensors", "arrays.safetensors")


class UnusableError(Exception):
    """What MLflow has of a run cannot be used; the message says why."""


class FinishedRuns:
    """Finds the runs of a study in all experiments of the tracking server, no matter who trained them.

    Each is checked before it is used: its recipe, and the checksum of each of its files. `warn` is called with a line
    for each run that is there, but cannot be used.

    Raises:
        AblateError: MLflow cannot be read.
    """

    def __init__(self, requested: RequestedRuns, warn: Callable[[str], None]) -> None:
        self.requested, self.warn = requested, warn
        self.found_none = not store_exists()
        if self.found_none:
            return
        try:
            self.client = connect()
            self._experiments()
        except Exception as error:  # of the server, the network or the store
            where = redact_uri(tracking_uri())
            raise AblateError(f"--reuse: MLflow at {where} cannot be read ({describe_error(error)})") from None

    def __call__(self, run: Run) -> Adoptable | None:
        """A run as it was trained elsewhere; None if it is not on the server, or cannot be used."""
        if self.found_none:
            return None
        reasons = []
        try:
            for copy in self._search(f"tags.`{RUN_TAG}` = '{run.id}' AND attributes.status = 'FINISHED'"):
                try:
                    return self._read(run, copy)
                except UnusableError as error:
                    reasons.append(f"{error} ({_place(copy)})")
            if not reasons and (other := self._of_another_recipe(run)):
                reasons = [f"trained by another recipe than {RECIPE} ({_place(other)})"]
        except Exception as error:  # of the server, the network or the store
            reasons.append(f"MLflow cannot be read ({describe_error(error)})")
        if reasons:
            self.warn(f"{self.requested.label(run.id)}: not reused, but trained: {'; '.join(reasons)}.")
        return None

    def _experiments(self) -> list[str]:
        """All of them, read anew each time: colleagues start theirs whenever they like."""
        return [found.experiment_id for found in _all_pages(self.client.search_experiments)]

    def _search(self, condition: str) -> Iterator[MlflowRun]:
        yield from _all_pages(self.client.search_runs, experiment_ids=self._experiments(), filter_string=condition)

    def _read(self, run: Run, copy: MlflowRun) -> Adoptable:
        """Download a run and check it.

        Raises:
            UnusableError: it cannot be used.
        """
        with TemporaryDirectory() as folder:
            facts = read_stored(self._download(copy, "run.json", folder), RunFacts)
            if facts is None or (facts.id, facts.seed) != (run.id, run.seed):
                raise UnusableError("its run.json is damaged")
            if facts.recipe != RECIPE:
                raise UnusableError(f"trained by recipe {facts.recipe}, and this is {RECIPE}")
            result = read_stored(self._download(copy, "result.json", folder), Result)
            if result is None:
                raise UnusableError("its result.json is damaged")
            if result.has_only_scores:
                raise UnusableError("it has scores, but no weights")
            for name in CHECKSUMMED_FILES:
                if hash_file(self._download(copy, name, folder)) != result.files.get(name):
                    raise UnusableError(f"its {name} is damaged")
            origin = result.adopted or _place(copy)
            return Adoptable(
                run,
                facts.began,
                read_epochs(Path(folder) / "epochs.json"),
                result.model_copy(update={"adopted": origin}),
                {name: (Path(folder) / name).read_bytes() for name in BINARY_FILES},
            )

    def _download(self, copy: MlflowRun, name: str, folder: str) -> Path:
        if (path := Path(folder) / name).exists():
            return path
        try:
            return Path(self.client.download_artifacts(copy.info.run_id, name, folder))
        except Exception as error:  # MLflow has one of its own for each kind of place
            raise UnusableError(f"its {name} cannot be had ({describe_error(error)})") from None

    def _of_another_recipe(self, run: Run) -> MlflowRun | None:
        """A run with the same settings in a study of this name, which has another id because of its recipe."""
        wanted = _texts(dotted(run))
        return next((copy for copy in self._of_this_name if _settings(copy) == wanted), None)

    @cached_property
    def _of_this_name(self) -> list[MlflowRun]:
        return list(self._search(f"tags.`{STUDY_TAG}` = '{self.requested.study}' AND attributes.status = 'FINISHED'"))


def reusable(design: Design, record: Record, warn: Callable[[str], None]) -> list[Adoptable]:
    """The runs of a study that would be adopted from the tracking server, without the contents of their files.

    Raises:
        AblateError: MLflow cannot be read.
    """
    find = FinishedRuns(RequestedRuns.of(design), warn)
    missing = [run for run in design.runs if not record.has_ended(run.id)]
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


def _all_pages(search: Callable[..., Any], **options: Any) -> Iterator[Any]:
    token = None
    while True:
        found = search(page_token=token, **options)
        yield from found
        token = found.token
        if not token:
            return
