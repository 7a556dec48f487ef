"""A search from its file to its report: draw trials, train them, export, publish, track."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ablate.errors import UnfinishedError
from ablate.executors import DeviceName, ExecutorName, Request, executor_class
from ablate.pipeline.parts import try_search
from ablate.pipeline.results import SearchResult
from ablate.pipeline.terminal import Terminal
from ablate.pipeline.tracked_sweep import train_tracked
from ablate.pipeline.trials import resume
from ablate.project import in_project
from ablate.records.lock import only_writer
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns, claim_name, load_requested, save_requested
from ablate.reporting.publishing import publish_search
from ablate.reporting.search.data import export
from ablate.reporting.search.page import search_folder
from ablate.studies.loading import load_search
from ablate.studies.search import Search
from ablate.tracking import connection


def search(
    search: Search | str | Path,
    *,
    workers: int | None = None,
    per_gpu: int | None = None,
    device: DeviceName = "auto",
    executor: ExecutorName = "local",
    address: str | None = None,
    retry_failed: bool = False,
    terminal: Terminal | None = None,
) -> SearchResult:
    """Run a search, or what is left of it, log its trials to MLflow, write the report.

    Args:
        search: a search, or the path of its file.
        retry_failed: train the failed trials again, and draw those after the first of them again.
        workers, per_gpu, device, executor, address, terminal: see `ablate.sweep`.

    Raises:
        AblateError: something that the user can change is wrong: the file, the folder, the options.
        UnfinishedError: no trial has finished, since something killed their workers.

    Examples:
        >>> from pathlib import Path
        >>> import ablate
        >>> text = '''
        ... question: Which learning rate suits a tiny network?
        ... base: {model.image_size: [16, 16], model.depth: 1, training.epochs: 1, training.scenes: 64, data.test: 16}
        ... space: {training.rate: {low: 1e-4, high: 1e-2, log: true}}
        ... trials: 3
        ... '''
        >>> _ = Path("rate.yaml").write_text(text)
        >>> result = ablate.search("rate.yaml", executor="inprocess")
        Which learning rate suits a tiny network?
        3 trials, 0 of them finished already.
        ...
        >>> result.trials[["trial", "state"]]
           trial     state
        0      0  complete
        1      1  complete
        2      2  complete
    """
    design, terminal = search if isinstance(search, Search) else load_search(search), terminal or Terminal()
    request, record = Request(device, workers, per_gpu, address), Record(warn=terminal.warn)
    slots = executor_class(executor).find_slots(request, terminal.warn)
    with in_project(terminal.warn) as project, only_writer(record.root, terminal.say_that_it_waits):
        try_search(design)
        claim_name(record.root, design)
        requested = _request(design, record)
        strategy = resume(design, record, requested, requested.runs, terminal, retry_failed=retry_failed)
        finished = len(strategy.finished)
        terminal.say(f"{design.question}\n{design.trials} trials, {finished} of them finished already.")
        slot_executor, view = slots.start(design.timeout_seconds), terminal.view(requested.runs, stopped="pruned")
        experiment = train_tracked(strategy, requested, record, slot_executor, terminal, view)
        if len(strategy.finished) == design.trials:
            save_requested(record.root, replace(requested, is_drawing=False))
        if not strategy.finished:
            raise UnfinishedError("no trial has finished, so there is nothing to report; the same command continues")
        folder = search_folder(design)
        export(design, strategy.finished, record, folder)
        runs_at = None if experiment is None else connection.address(experiment)
        return SearchResult(publish_search(design), project / folder, runs_at)


def _request(search: Search, record: Record) -> RequestedRuns:
    """The runs of the search: none yet. All earlier ones are former runs until they are drawn again."""
    before = load_requested(record.root, search.name)
    runs, file = (before.all_runs(), before.file) if before else ({}, None)
    return RequestedRuns(search.name, search.question, {}, runs, file=file, is_drawing=True)
