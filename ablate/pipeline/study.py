"""A study from its file to its report: tune, adopt, train what is missing, export, publish.

    result = ablate.sweep("experiments/quickstart.yaml", workers=2)
    result.verdicts          # a DataFrame
    result                   # in a notebook: the answer and the verdicts

The command line prints what these functions return.
"""

from __future__ import annotations

from pathlib import Path

from ablate.executors import DeviceName, Executor, ExecutorName, Request, Slots, executor_class
from ablate.pipeline.adoption import adopt as adopt_runs
from ablate.pipeline.parts import try_study
from ablate.pipeline.rescoring import discard, score_recorded
from ablate.pipeline.results import SearchResult, StudyResult
from ablate.pipeline.terminal import Terminal
from ablate.pipeline.tracked_sweep import train_tracked
from ablate.pipeline.tuning import tune_first
from ablate.project import STATE, in_project
from ablate.records.lock import only_writer
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns, check_name, claim_name, load_requested, save_requested
from ablate.reporting.publishing import publish, publish_search
from ablate.reporting.search.page import search_folder
from ablate.reporting.study.data import export, lacks_references
from ablate.reporting.study.page import read_page, report_folder
from ablate.strategies.choices import tuned
from ablate.strategies.fixed import Fixed
from ablate.strategies.sequential import UntilDecided
from ablate.studies.loading import load, study_of
from ablate.studies.planning import Design
from ablate.studies.search import Search
from ablate.tracking.comparison import publish_comparison
from ablate.tracking.connection import address


def sweep(
    study: Design | str | Path,
    *,
    workers: int | None = None,
    per_gpu: int | None = None,
    device: DeviceName = "auto",
    executor: ExecutorName = "local",
    address: str | None = None,
    retry_failed: bool = False,
    adopt: bool = False,
    reuse: bool = False,
    report: bool = True,
    terminal: Terminal | None = None,
) -> StudyResult:
    """Train a study's runs, log them to MLflow, write the report. Recorded runs are not trained again.

    All of this is in the folder of the current folder's project (`ablate.project`).

    Args:
        study: a study, or the path of its file.
        workers: runs at a time; by default one per core, or one per GPU.
        per_gpu: runs at a time on each GPU, instead of `workers`.
        device: where to train; `auto` uses the GPUs if there are any.
        executor: `local` for one process per slot, `ray` for the nodes of a Ray cluster, `inprocess` for everything in
            this process (for debugging).
        address: of the Ray cluster; by default that in `RAY_ADDRESS`, or one of this machine alone.
        retry_failed: train only the runs that failed, timed out, or cannot be scored.
        adopt: first adopt the finished runs in `reports/*/data`.
        reuse: adopt finished runs from the tracking server instead of training them again.
        report: whether to write the report, or only its data.
        terminal: where to print.

    Raises:
        AblateError: something that the user can change is wrong: the file, the folder, the options.

    Examples:
        >>> from pathlib import Path
        >>> import ablate
        >>> text = '''
        ... question: Does a tiny network need its skip connections?
        ... base: {model.image_size: [16, 16], model.depth: 1, training.epochs: 1, training.scenes: 64, data.test: 16}
        ... vary: {model.skip: [both, none]}
        ... reference: {model.skip: both}
        ... seeds: 2
        ... margin: 0.25
        ... '''
        >>> _ = Path("skips.yaml").write_text(text)
        >>> result = ablate.sweep("skips.yaml", executor="inprocess")
        Does a tiny network need its skip connections?
        4 runs, 0 of them recorded already, 4 to train.
        ...
        >>> result.verdicts[["arm", "against", "pairs"]]
                 arm    against  pairs
        0  skip=none  skip=both      2
    """
    design, terminal = study_of(study), terminal or Terminal()
    request, record = Request(device, workers, per_gpu, address), Record(warn=terminal.warn)
    slots = executor_class(executor).find_slots(request, terminal.warn)
    with in_project(terminal.warn) as project, only_writer(record.root, terminal.say_that_it_waits):
        try_study(design, record, retry_failed=retry_failed)
        claim_name(record.root, design)
        design = tune_first(design, record, slots, terminal, adopt=adopt, reuse=reuse)
        if adopt and (adopted := adopt_runs(design, record)):
            terminal.say(f"{len(adopted)} runs adopted from the reports' data, without their weights.")
        record.set_aside_damaged(run.id for run in design.runs)
        unscored = score_recorded(design, record, slots.devices[0], terminal)
        if retry_failed:
            discard(unscored, record)
        experiment = _train(design, record, slots, terminal, reuse=reuse, retry_failed=retry_failed)
        _warn_of_changed_pictures(design, terminal)
        folder = report_folder(design)
        if lacks_references(design, record):
            terminal.say("Computing what methods without training reach on the same test images, for the report.")
        export(design, record, folder)
        page = publish(design) if report else read_page(design)
        runs_at = _runs_at(design, record, experiment, terminal, reported=report)
        return StudyResult(page, project / folder, runs_at, [] if retry_failed else unscored)


def report(study: Design | Search | str | Path, *, write: bool = True) -> StudyResult | SearchResult:
    """Write the report of a study or a search again, from its data.

    Args:
        study: a study or a search, or the path of its file.
        write: whether to write a study's report; if not, nothing is written, and only what it says is returned.

    Raises:
        AblateError: the data are missing, or the report is that of another file.

    Examples:
        >>> import ablate
        >>> result = ablate.report("experiments/skips_tuned.yaml")
        >>> result.verdicts[["arm", "against", "verdict"]]
                       arm           against verdict
        0  none (notebook)  both (ViT paper)   worse
        >>> print(result.path)
        reports/skips_tuned
    """
    design = load(study) if isinstance(study, str | Path) else study
    with in_project(Terminal().warn) as project:
        check_name(STATE, design)
        if isinstance(design, Search):
            return SearchResult(publish_search(design), project / search_folder(design))
        folder = report_folder(design)
        design = tuned(design, folder)
        return StudyResult(publish(design) if write else read_page(design), project / folder)


def _train(
    design: Design, record: Record, slots: Slots, terminal: Terminal, *, reuse: bool, retry_failed: bool
) -> str | None:
    """Train the study; returns its MLflow experiment, or None if MLflow does not have all of it."""
    executor = slots.start(design.study.timeout_seconds)
    requested, strategy = _request(design, record, terminal), _strategy(design, executor)
    runs = strategy.propose({})
    to_train = [run for run in runs if record.needs_training(run.id, retry_failed=retry_failed)]
    recorded = sum(record.has_ended(run.id) for run in runs)
    condition = ", unless the tracking server has them" if reuse else ""
    counts = f"{len(runs)} runs, {recorded} of them recorded already, {len(to_train)} to train{condition}."
    terminal.say(f"{design.question}\n{counts}")
    if len(design.looks) > 1:
        numbers = ", ".join(str(look.seeds) for look in design.looks)
        terminal.say(f"This is the first of the looks at {numbers} seeds; undecided arms continue to the next.")
    done = {run.id: len(record.epochs(run.id)) for run in to_train}
    labels = {run_id: str(label) for run_id, label in requested.runs.items()}
    view = terminal.view(labels, {run.id: run.training.epochs for run in to_train}, done)
    return train_tracked(strategy, requested, record, executor, terminal, view, reuse=reuse, retry_failed=retry_failed)


def _warn_of_changed_pictures(design: Design, terminal: Terminal) -> None:
    for data in dict.fromkeys(arm.settings.data for arm in design.arms if arm.settings.data.source == "images"):
        from ablate.data.checks import find_changes  # not at the top of the file, since it imports NumPy

        if changes := find_changes(data):
            fact = f"{', '.join(changes)}: changed while the sweep ran"
            terminal.warn(f"{fact}. These runs are of the pictures as they were; a new sweep trains on the new ones.")


def _strategy(design: Design, executor: Executor) -> Fixed | UntilDecided:
    """All runs at once, or seeds until everything is decided."""
    return UntilDecided(design, lambda: executor.room) if len(design.looks) > 1 else Fixed(design.runs)


def _request(design: Design, record: Record, terminal: Terminal) -> RequestedRuns:
    """Save the runs that the study requests, and list the recorded runs that it no longer requests."""
    before = load_requested(record.root, design.name)
    requested = RequestedRuns.of(design, before)
    dropped = [run_id for run_id in (before.runs if before else {}) if run_id in requested.former]
    recorded = [str(requested.former[run_id]) for run_id in dropped if record.status(run_id) != "absent"]
    if recorded:
        terminal.warn(f"No longer requested by this study, but kept: {', '.join(recorded)}.")
    save_requested(record.root, requested)
    return requested


def _runs_at(
    design: Design, record: Record, experiment: str | None, terminal: Terminal, *, reported: bool
) -> str | None:
    """Send the report to MLflow; returns where MLflow shows the runs, None if it does not have all of them."""
    if experiment is None:
        return None
    if not reported:
        return address(experiment)
    requested = load_requested(record.root, design.name) or RequestedRuns.of(design)
    return publish_comparison(requested, record, experiment, report_folder(design), terminal.warn)
