"""The loop over strategy, executor and record, with real training of tiny networks."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ablate.executors.inprocess import InProcessExecutor
from ablate.pipeline.sweep import sweep
from ablate.records.adoptable import Adoptable
from ablate.records.files import write_json
from ablate.records.record import Record
from ablate.reporting.study.data import export
from ablate.reporting.study.page import write_report
from ablate.settings import Run
from ablate.strategies import Outcomes
from ablate.strategies.fixed import Fixed
from ablate.strategies.search import Searching
from ablate.strategies.sequential import UntilDecided
from ablate.strategies.trial_tables import trials_table
from ablate.strategies.trials import RUN
from ablate.studies.loading import load_search, load_study
from ablate.training.events import Abandoned, Adopted, Ended, EpochEnded, Event, Failed, Started, Stopped
from tests.helpers.searches import write_tiny_search
from tests.helpers.stored import failure_of, result_of
from tests.helpers.tiny import tiny_run, write_tiny_study

RUNS = [tiny_run(0), tiny_run(1)]


class Log(list[tuple[str, type]]):
    """A listener that remembers."""

    def __call__(self, run: Run, event: Event) -> None:
        self.append((run.id, type(event)))


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / ".ablate")


def test_every_run_is_trained_and_recorded(record: Record) -> None:
    sweep(Fixed(RUNS), InProcessExecutor(), record)
    assert [record.status(run.id) for run in RUNS] == ["finished", "finished"]


@pytest.mark.parametrize("metric", ["test/mae", "last/mae"])
def test_a_sweep_can_be_judged_by_the_mean_absolute_error(metric: str, workplace: Path) -> None:
    """Every arm's mean, on the page, is that of the absolute errors of its runs' own results; less is better."""
    study = load_study(write_tiny_study(workplace, margin=f"0.001\nmetric: {metric}"))
    record = Record()
    sweep(Fixed(study.runs), InProcessExecutor(), record)
    export(study, record, workplace / "report")
    page = write_report(study, workplace / "report")
    for arm, row in zip(study.arms, page.rows, strict=True):
        folders = [record.folder(arm.run(seed).id) for seed in study.seeds]
        scores = [json.loads((folder / "result.json").read_text())["results"][metric] for folder in folders]
        assert row.level.mean == pytest.approx(sum(scores) / len(scores))
    ((_, comparison),) = page.compared_arms
    assert comparison.difference == pytest.approx(page.rows[0].level.mean - page.rows[1].level.mean)
    assert f"{metric} of every run" in (workplace / "report" / "README.md").read_text()
    assert (workplace / "report" / "figures" / "curves.svg").exists()


def test_a_search_can_be_judged_by_the_mean_absolute_error(workplace: Path) -> None:
    search = load_search(write_tiny_search(workplace, trials="3\nmetric: val/mae", pruner="none"))
    strategy, record = Searching(search), Record()
    sweep(strategy, InProcessExecutor(), record)
    assert len(strategy.finished) == 3
    for run, value in ((trial.user_attrs[RUN], trial.value) for trial in strategy.finished):
        best = min(row["val/mae"] for row in record.epochs(run))
        zero = json.loads((record.folder(run) / "result.json").read_text())["results"]["zero/mae"]
        assert value == (best if record.status(run) == "finished" else zero)


def test_a_search_by_a_newer_score_passes_over_runs_that_were_recorded_without_it(workplace: Path) -> None:
    search = load_search(write_tiny_search(workplace, trials="3\nmetric: val/mae", pruner="none", parallel="1"))
    old = Searching(search).propose({})[0]
    record = Record()
    sweep(Fixed([old]), InProcessExecutor(), record)
    forget(record, old, "mae")
    strategy = Searching(search)
    sweep(strategy, InProcessExecutor(), record)
    assert [trial.state.name for trial in strategy.finished] == ["FAIL", "COMPLETE", "COMPLETE"]
    table = trials_table(search, strategy.finished, record)
    assert "has no val/mae" in table.why[0]


def forget(record: Record, run: Run, score: str) -> None:
    """Make a recorded run one that was trained before there was this score."""

    def without(numbers: dict[str, float]) -> dict[str, float]:
        return {name: value for name, value in numbers.items() if not name.endswith(f"/{score}")}

    result = json.loads((record.folder(run.id) / "result.json").read_text())
    write_json(record.folder(run.id) / "epochs.json", [without(row) for row in record.epochs(run.id)])
    write_json(record.folder(run.id) / "result.json", result | {"results": without(result["results"])})


def test_a_recorded_run_is_never_trained_again(record: Record) -> None:
    sweep(Fixed(RUNS), InProcessExecutor(), record)
    log = Log()
    sweep(Fixed(RUNS), InProcessExecutor(), record, [log])
    assert log == []


def test_what_is_found_elsewhere_is_adopted_instead_and_listeners_see_it(record: Record, tmp_path: Path) -> None:
    elsewhere, (found, other) = Record(tmp_path / "elsewhere"), RUNS
    sweep(Fixed([found]), InProcessExecutor(), elsewhere)
    result = result_of(elsewhere, found.id).model_copy(update={"adopted": "elsewhere"})
    item = Adoptable(found, elsewhere.start_time(found.id), elsewhere.epochs(found.id), result)
    log = Log()
    sweep(Fixed(RUNS), InProcessExecutor(), record, [log], find=lambda run: item if run == found else None)
    assert [kind for run_id, kind in log if run_id == found.id] == [Adopted]
    assert [kind for run_id, kind in log if run_id == other.id] == [Started, EpochEnded, EpochEnded, Ended]
    assert record.epochs(found.id) == elsewhere.epochs(found.id)


def test_listeners_are_called_after_an_event_is_recorded(record: Record) -> None:
    def check(run: Run, event: Event) -> None:
        if isinstance(event, EpochEnded):
            assert record.epochs(run.id) == event.rows

    sweep(Fixed(RUNS[:1]), InProcessExecutor(), record, [check])


@pytest.mark.parametrize("epochs", [0, 1, 2])
def test_an_interrupted_sweep_ends_with_the_same_numbers(record: Record, tmp_path: Path, epochs: int) -> None:
    whole = Record(tmp_path / "whole")
    sweep(Fixed(RUNS), InProcessExecutor(), whole)

    def interrupt(run: Run, event: Event) -> None:
        if len(getattr(event, "rows", [])) == epochs and not isinstance(event, Ended):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(Fixed(RUNS), InProcessExecutor(), record, [interrupt])
    log = Log()
    sweep(Fixed(RUNS), InProcessExecutor(), record, [log])
    assert log.count((RUNS[0].id, EpochEnded)) == 2 - epochs
    for run in RUNS:
        weights = [where.folder(run.id) / "weights.safetensors" for where in (record, whole)]
        assert weights[0].read_bytes() == weights[1].read_bytes()
        assert curves(record, run) == curves(whole, run)


def curves(record: Record, run: Run) -> list[dict[str, float]]:
    """The recorded epochs without what the clock says."""
    return [{name: row[name] for name in row if "time" not in name} for row in record.epochs(run.id)]


def spoil(record: Record, run: Run) -> None:
    """Give a run an intact checkpoint from which it cannot resume."""
    record.write_event(run, Started(0, "cpu"))
    record.write_event(run, EpochEnded([], b"spoilt"))


def test_a_failed_run_stops_no_other_and_is_tried_again_only_if_asked_for(record: Record) -> None:
    spoil(record, RUNS[0])
    sweep(Fixed(RUNS), InProcessExecutor(), record)
    assert [record.status(run.id) for run in RUNS] == ["failed", "finished"]
    assert "Traceback" in failure_of(record, RUNS[0].id).trace
    log = Log()
    sweep(Fixed(RUNS), InProcessExecutor(), record, [log])
    assert log == []
    (record.folder(RUNS[0].id) / "checkpoint.pt").unlink()
    sweep(Fixed([*RUNS, tiny_run(2)]), InProcessExecutor(), record, [log], retry_failed=True)
    assert {run_id for run_id, _ in log} == {RUNS[0].id}, "only these again"
    assert record.status(RUNS[0].id) == "finished"


def test_an_interrupted_retry_continues_and_leaves_no_failure(record: Record) -> None:
    record.write_event(RUNS[0], Started(0, "cpu"))
    record.write_event(RUNS[0], Failed("broke"))
    record.write_event(RUNS[0], Started(0, "cpu"))  # and then the power went
    sweep(Fixed(RUNS), InProcessExecutor(), record, retry_failed=True)
    assert [record.status(run.id) for run in RUNS] == ["finished", "absent"]
    assert not (record.folder(RUNS[0].id) / "failure.json").exists()


@pytest.mark.parametrize("end", [Failed("broke"), Abandoned("its worker died, twice")])
def test_the_looks_wait_for_a_run_that_is_tried_again(record: Record, tmp_path: Path, end: Event) -> None:
    study = load_study(write_tiny_study(tmp_path, seeds="{looks: [2, 3]}", margin="100"))
    first, *others = [cell.run for cell in study.cells if cell.seed < 2]
    sweep(Fixed(others), InProcessExecutor(), record)
    record.write_event(first, Started(0, "cpu"))
    record.write_event(first, end)
    strategy, ends = UntilDecided(study, slots=lambda: 1), []

    def listen(run: Run, event: Event) -> None:
        assert strategy.course
        ends.append(strategy.course.end("without", "with"))

    sweep(strategy, InProcessExecutor(), record, [listen], retry_failed=isinstance(end, Failed))
    assert record.status(first.id) == "finished"
    assert "failed" not in ends


def test_a_run_that_takes_too_long_is_timed_out_and_stops_no_other(record: Record) -> None:
    runs = [tiny_run(0, training__epochs=2000), RUNS[1]]
    sweep(Fixed(runs), InProcessExecutor(timeout=1), record)
    assert [record.status(run.id) for run in runs] == ["timed out", "finished"]
    assert 0 < len(record.epochs(runs[0].id)) < 2000
    assert "1 s" in failure_of(record, runs[0].id).reason


def test_a_spoilt_checkpoint_is_never_loaded_and_the_run_starts_over(record: Record, tmp_path: Path) -> None:
    whole = Record(tmp_path / "whole")
    sweep(Fixed(RUNS[:1]), InProcessExecutor(), whole)
    record.write_event(RUNS[0], Started(0, "cpu"))
    (record.folder(RUNS[0].id) / "checkpoint.pt").write_bytes(b"spoilt")
    with pytest.warns(UserWarning, match=r"checkpoint\.pt"):
        sweep(Fixed(RUNS[:1]), InProcessExecutor(), record)
    assert curves(record, RUNS[0]) == curves(whole, RUNS[0])


def test_a_checkpoint_is_read_when_its_run_starts(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    read: list[tuple[str, int]] = []
    monkeypatch.setattr(record, "checkpoint", lambda run_id: read.append((run_id, len(log))))
    sweep(Fixed(RUNS), InProcessExecutor(), record, [log])
    assert [run_id for run_id, _ in read] == [run.id for run in RUNS]
    assert read[0][1] < read[1][1]


class OneByOne:
    """A strategy that proposes its next run when the last one has its result."""

    given_up: Sequence[str] = ()

    def propose(self, outcomes: Outcomes) -> Sequence[Run]:
        ended = sum(outcome.status == "finished" for outcome in outcomes.values())
        return [tiny_run(seed) for seed in range(min(3, ended + 1))]


def test_a_source_may_propose_more_as_results_come(record: Record) -> None:
    log = Log()
    sweep(OneByOne(), InProcessExecutor(), record, [log])
    assert [run_id for run_id, kind in log if kind is Ended] == [tiny_run(seed).id for seed in range(3)]


def test_a_strategy_sees_results_that_were_recorded_before(record: Record) -> None:
    sweep(Fixed(RUNS), InProcessExecutor(), record)
    log = Log()
    sweep(OneByOne(), InProcessExecutor(), record, [log])
    assert {run_id for run_id, _ in log} == {tiny_run(2).id}


class Pruning:
    """A strategy that drops its first run after an epoch, and takes it up again once the second has its result."""

    given_up: Sequence[str] = ()

    def propose(self, outcomes: Outcomes) -> Sequence[Run]:
        first, second = (outcomes.get(run.id) for run in RUNS)
        pruned = first and first.status == "unfinished" and len(first.epochs) == 1
        return RUNS[1:] if pruned and second and second.status != "finished" else RUNS


def test_a_run_that_is_no_longer_proposed_is_stopped_and_resumes_if_it_is_proposed_again(record: Record) -> None:
    log = Log()
    sweep(Pruning(), InProcessExecutor(), record, [log])
    kinds = [kind for run_id, kind in log if run_id == RUNS[0].id]
    assert kinds == [Started, EpochEnded, Stopped, Started, EpochEnded, Ended], "no epoch is trained twice"
    assert [record.status(run.id) for run in RUNS] == ["finished", "finished"]


class Narrowing:
    """A strategy that wants nothing more once a run has its result."""

    given_up: Sequence[str] = ()

    def propose(self, outcomes: Outcomes) -> Sequence[Run]:
        ended = [run for run in RUNS if run.id in outcomes and outcomes[run.id].status == "finished"]
        return ended or RUNS


def test_a_queued_run_that_is_no_longer_proposed_never_starts(record: Record) -> None:
    log = Log()
    sweep(Narrowing(), InProcessExecutor(), record, [log])
    assert {run_id for run_id, _ in log} == {RUNS[0].id}
    assert record.status(RUNS[1].id) == "absent"
