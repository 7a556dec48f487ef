"""Tables of recorded runs, from a record written by made-up events: nothing is trained."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ablate.metrics import EPOCH_METRICS, METRICS, RESULT_METRICS, SCORES, STUDY_METRICS
from ablate.records.record import Record
from ablate.records.tables import load_epochs, load_results, read_scores, with_all_metrics
from ablate.studies.designs import Arm
from ablate.studies.planning import Design
from ablate.studies.study import Study
from ablate.training.events import Ended, EpochEnded, Event, Failed, Row, Started

STUDY = Design.of(
    Study(
        name="states",
        question="How did the runs end?",
        arms={"good": {"model.skip": "both"}, "bad": {"model.skip": "none"}},
        reference="good",
        seeds=(7, 3, 5),
        margin=0.25,
    )
)
GOOD, BAD = STUDY.arms

ZERO = {
    "zero/mse": 0.0188,
    "zero/psnr": 17.3,
    "zero/ssim": 0.5,
    "zero/gain": -4.1,
    "zero/mae": 0.05,
    "zero/psnr_images": 17.5,
}
COSTS = {"cost/parameters": 171317, "cost/train_seconds": 60.0, "best/epoch": 2}
GOOD_SCORES = {"mse": 0.001, "psnr": 30.0, "ssim": 0.9, "gain": 8.6, "mae": 0.02, "psnr_images": 30.5}
WORSE_THAN_ZERO = {
    "mse": 0.03,
    "mse_sem": 30.0,
    "psnr": 15.2,
    "ssim": 0.1,
    "gain": -6.2,
    "mae": 0.12,
    "psnr_images": 15.5,
}
ENVIRONMENT = {"torch": "2.4", "device": "a CPU"}


def results(scores: dict[str, float]) -> dict[str, float]:
    return {f"{kind}/{name}": value for kind in ("test", "last") for name, value in scores.items()} | ZERO | COSTS


def epoch(number: int) -> Row:
    return {"epoch": number, "time": 100.0 + number, "train/loss": 0.1 / number, "val/psnr": 20.0 + number}


ENDINGS: dict[str, Event] = {
    "finished": Ended("finished", results(GOOD_SCORES), b"", b"", ENVIRONMENT, [epoch(1), epoch(2)]),
    "loss not finite": Ended("diverged", results({}), b"", b"", ENVIRONMENT, [epoch(1), epoch(2)]),
    "worse than zero": Ended("finished", results(WORSE_THAN_ZERO), b"", b"", ENVIRONMENT, [epoch(1), epoch(2)]),
    "failed": Failed("RuntimeError: out of memory", "a trace"),
}


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Seeds 7, 3, 5: the good arm finished, failed, stopped; the bad one diverged, learned nothing, did not start."""
    record = Record(tmp_path / ".ablate")
    record_run(record, BAD, 3, "worse than zero")
    record_run(record, BAD, 7, "loss not finite")
    record_run(record, GOOD, 3, "failed")
    record_run(record, GOOD, 7, "finished")
    record_run(record, GOOD, 5, None, epochs=1)
    return record


def record_run(record: Record, arm: Arm, seed: int, ending: str | None, epochs: int = 2) -> None:
    """Record a run's events."""
    record.write_event(arm.run(seed), Started(0, "cpu"))
    record.write_event(arm.run(seed), EpochEnded([epoch(number + 1) for number in range(epochs)], b"a checkpoint"))
    if ending:
        record.write_event(arm.run(seed), ENDINGS[ending])


def row(frame: pd.DataFrame, arm: Arm, seed: int) -> Any:
    return frame[(frame.arm == arm.name) & (frame.seed == seed)].squeeze()


def test_a_damaged_run_json_costs_only_the_start_time(record: Record) -> None:
    (record.folder(GOOD.run(7).id) / "run.json").write_text("{")
    found = row(load_results(STUDY, record), GOOD, 7)
    assert (found["status"], found["test/psnr"]) == ("finished", 30.0)
    assert pd.isna(found["began"])


def test_there_is_one_row_per_run_in_the_order_of_arms_and_seeds(record: Record) -> None:
    frame = load_results(STUDY, record)
    expected = [("good", 7), ("good", 3), ("good", 5), ("bad", 7), ("bad", 3), ("bad", 5)]
    assert list(zip(frame.arm, frame.seed, strict=True)) == expected


def test_every_row_has_the_id_of_its_run(record: Record) -> None:
    frame = load_results(STUDY, record)
    assert list(frame.run) == [arm.run(seed).id for arm in (GOOD, BAD) for seed in (7, 3, 5)]


def test_every_row_has_the_status_of_its_run(record: Record) -> None:
    status = ["finished", "failed", "unfinished", "diverged", "finished", "absent"]
    assert list(load_results(STUDY, record).status) == status


def test_a_finished_run_has_its_own_results(record: Record) -> None:
    found = row(load_results(STUDY, record), GOOD, 7)
    assert found[list(results(GOOD_SCORES))].to_dict() == results(GOOD_SCORES)


@pytest.mark.parametrize("metric", STUDY_METRICS)
def test_a_diverged_run_is_scored_as_if_it_returned_zero(metric: str, record: Record) -> None:
    assert row(load_results(STUDY, record), BAD, 7)[metric] == ZERO[METRICS[metric].at("zero").name]


def test_a_diverged_run_has_no_error_over_the_test_images(record: Record) -> None:
    assert pd.isna(row(load_results(STUDY, record), BAD, 7)["test/mse_sem"])


def test_a_run_below_predicting_zero_keeps_its_scores(record: Record) -> None:
    found = row(load_results(STUDY, record), BAD, 3)
    assert found[list(results(WORSE_THAN_ZERO))].to_dict() == results(WORSE_THAN_ZERO)


def test_a_run_that_an_older_version_called_diverged_has_its_scores_again(record: Record) -> None:
    path = record.folder(BAD.run(3).id) / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"status": "diverged"}))
    found = row(load_results(STUDY, record), BAD, 3)
    assert (found["status"], found["test/psnr"]) == ("finished", WORSE_THAN_ZERO["psnr"])


@pytest.mark.parametrize("metric", ["test/psnr", "last/mse"])
def test_runs_that_diverged_or_learned_nothing_are_bad(metric: str, record: Record) -> None:
    bad = read_scores(STUDY, load_results(STUDY, record), METRICS[metric]).bad
    assert bad[BAD.name].tolist() == [True, True, False]
    assert not bad[GOOD.name].any()


@pytest.mark.parametrize("name", COSTS)
def test_a_diverged_run_keeps_its_costs(name: str, record: Record) -> None:
    assert row(load_results(STUDY, record), BAD, 7)[name] == COSTS[name]


@pytest.mark.parametrize(("arm", "seed"), [(GOOD, 3), (GOOD, 5), (BAD, 5)], ids=["failed", "unfinished", "absent"])
def test_a_run_that_has_not_ended_has_no_results(arm: Arm, seed: int, record: Record) -> None:
    found = row(with_all_metrics(load_results(STUDY, record)), arm, seed)
    assert found[[metric.name for metric in RESULT_METRICS] + ["began", "ended"]].isna().all()


def test_a_failed_run_has_its_error_and_the_others_have_none(record: Record) -> None:
    errors = load_results(STUDY, record).error
    assert list(errors.dropna().items()) == [(1, "RuntimeError: out of memory")]


def test_an_ended_run_has_the_times_of_its_start_and_end(record: Record) -> None:
    found = row(load_results(STUDY, record), GOOD, 7)
    assert 0 < found.began <= found.ended


def test_an_ended_run_has_its_environment(record: Record) -> None:
    found = row(load_results(STUDY, record), GOOD, 7)
    assert {name: found[f"env/{name}"] for name in ENVIRONMENT} == ENVIRONMENT


def test_a_run_that_failed_and_then_finished_has_no_error(record: Record) -> None:
    record_run(record, GOOD, 3, "finished")
    found = row(load_results(STUDY, record), GOOD, 3)
    assert (found.status, found["test/psnr"], pd.isna(found.error)) == ("finished", 30.0, True)


def test_the_error_is_text_also_if_no_run_has_failed(tmp_path: Path) -> None:
    errors = load_results(STUDY, Record(tmp_path / "nothing")).error
    assert list(errors.fillna("").unique()) == [""]


def test_without_a_record_all_runs_are_absent_and_all_columns_exist(tmp_path: Path) -> None:
    frame = load_results(STUDY, Record(tmp_path / "nothing"))
    assert set(frame.status) == {"absent"}
    assert frame[[metric.name for metric in RESULT_METRICS]].isna().all(axis=None)


def of_kind(kind: str) -> list[str]:
    return [f"{kind}/{score.name}" for score in SCORES]


def test_a_score_that_no_run_has_has_no_column_and_other_columns_stay(record: Record) -> None:
    found = list(load_results(STUDY, record).columns)
    absent = of_kind("nothing")  # these runs were recorded without any
    assert [name for name in (metric.name for metric in RESULT_METRICS) if name not in found] == absent
    assert "diverged/epoch" in found


def test_a_score_that_one_run_has_has_a_column(record: Record) -> None:
    newer = Ended("finished", results(GOOD_SCORES) | {"nothing/psnr": 21.4}, b"", b"", ENVIRONMENT, [epoch(1)])
    record.write_event(GOOD.run(3), newer)
    found = load_results(STUDY, record)["nothing/psnr"]
    assert found.dropna().tolist() == [21.4]


def test_a_diverged_run_without_a_recorded_score_of_zero_has_no_score(record: Record) -> None:
    older = {name: value for name, value in results({}).items() if name != "zero/ssim"}
    record.write_event(BAD.run(5), Started(0, "cpu"))
    record.write_event(BAD.run(5), Ended("diverged", older, b"", b"", ENVIRONMENT, [epoch(1)]))
    found = row(load_results(STUDY, record), BAD, 5)
    assert found[["test/ssim", "last/ssim"]].isna().all()
    assert found["test/psnr"] == ZERO["zero/psnr"]


def test_all_metrics_can_be_read_from_any_table_of_runs(record: Record) -> None:
    few = load_results(STUDY, record)
    every = with_all_metrics(few)
    assert set(every.columns) == {*few.columns, *(metric.name for metric in RESULT_METRICS)}
    assert every[of_kind("nothing")].isna().all(axis=None)
    pd.testing.assert_frame_equal(every[few.columns], few)


def test_the_columns_of_epochs_do_not_depend_on_the_order_of_the_runs(tmp_path: Path) -> None:
    record = Record(tmp_path / ".ablate")
    names = ["epoch", "time", *(metric.name for metric in EPOCH_METRICS)]
    for seed, left_out in ((7, "val/ssim"), (3, "train/loss")):
        rows = [{name: 1.0 for name in reversed(names) if name != left_out}]
        record.write_event(GOOD.run(seed), Started(0, "cpu"))
        record.write_event(GOOD.run(seed), EpochEnded(rows, b"a checkpoint"))
    frame = load_epochs(STUDY, record)
    assert list(frame.columns) == ["arm", "seed", "run", *names]
    assert frame["val/ssim"].isna().tolist() == [True, False]


def test_runs_of_other_studies_are_left_out(record: Record) -> None:
    study = STUDY.with_changes(requested_seeds=(5,))
    assert list(load_results(study, record).status) == ["unfinished", "absent"]


def test_there_is_one_row_an_epoch_of_every_recorded_run(record: Record) -> None:
    frame = load_epochs(STUDY, record)
    epochs = frame.groupby(["arm", "seed"]).epoch.apply(list).to_dict()
    both = [1, 2]
    assert epochs == {("good", 7): both, ("good", 3): both, ("good", 5): [1], ("bad", 7): both, ("bad", 3): both}


def test_an_epoch_has_its_metrics_and_its_time(record: Record) -> None:
    frame = load_epochs(STUDY, record)
    found: Any = frame[(frame.run == GOOD.run(7).id) & (frame.epoch == 2)].squeeze()
    assert {name: found[name] for name in epoch(2)} == epoch(2)


def test_epochs_are_integers(record: Record) -> None:
    assert load_epochs(STUDY, record).epoch.dtype.kind == "i"


def test_without_a_record_there_is_no_epoch(tmp_path: Path) -> None:
    frame = load_epochs(STUDY, Record(tmp_path / "nothing"))
    assert (len(frame), list(frame.columns)) == (0, ["arm", "seed", "run", "epoch"])


def test_the_path_of_a_study_does_in_place_of_the_study(swept_copy: tuple[Record, Design]) -> None:
    record, study = swept_copy
    for path in ("tiny.yaml", Path("tiny.yaml")):
        assert load_results(path).equals(load_results(study, record))
        assert load_epochs(path).equals(load_epochs(study, record))
