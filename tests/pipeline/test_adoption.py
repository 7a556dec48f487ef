"""Runs that are taken over from the data of reports: as they were, and nothing is made up."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ablate.errors import AblateError
from ablate.pipeline.adoption import PlannedRecord, adopt, adoptable
from ablate.pipeline.estimate import seeds_in_reach
from ablate.pipeline.status import look_over
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.records.tables import load_epochs, load_results
from ablate.reporting.study.data import _adopted_scenes, export, read
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.training.events import Ended, Failed, Started
from tests.helpers.stored import facts_of, result_of
from tests.helpers.tiny import write_tiny_study


@pytest.fixture
def reported(swept: tuple[Path, Design], workplace: Path) -> Design:
    """The current folder has the data of the tiny study's report, and no record."""
    export(swept[1], Record(swept[0] / ".ablate"), Path("reports/tiny"))
    shutil.copy(swept[0] / "tiny.yaml", workplace)
    return swept[1]


def written() -> dict[str, bytes]:
    """All that the data of the tiny study's report are; `looks.json` only where there was a verdict to see."""
    return {path.name: path.read_bytes() for path in Path("reports/tiny/data").iterdir()}


def test_the_data_of_adopted_runs_are_those_that_they_were_adopted_from(reported: Design) -> None:
    before = written()
    tables = {"runs.csv", "epochs.csv", "image_errors.csv"}
    assert before.keys() == tables | {"scenes.npz", "looks.json", "references.json"}
    assert len(adopt(reported, Record())) == 4
    export(reported, Record(), Path("reports/tiny"))
    assert written() == before


def without_mae(path: Path) -> None:
    """Make a table one that was written before there was this score."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.drop(columns=[name for name in table.columns if name.endswith("/mae")]).to_csv(path, index=False)


def test_data_from_before_there_was_a_score_are_adopted_and_written_again_as_they_were(reported: Design) -> None:
    for name in ("runs.csv", "epochs.csv"):
        without_mae(Path("reports/tiny/data") / name)
    before = written()
    assert b"mae" not in before["runs.csv"] + before["epochs.csv"]
    assert len(adopt(reported, Record())) == 4
    export(reported, Record(), Path("reports/tiny"))
    assert written() == before


def test_nothing_is_left_to_train_and_the_record_is_complete(reported: Design) -> None:
    record = Record(warn=pytest.fail)
    adopt(reported, record)
    record.set_aside_damaged(run.id for run in reported.runs)
    assert {record.status(run.id) for run in reported.runs} == {"finished"}
    assert not any(record.needs_training(run.id) for run in reported.runs)


def test_an_adopted_run_says_so_and_vouches_only_for_what_is_there(reported: Design) -> None:
    record, run = Record(), reported.runs[0]
    adopt(reported, record)
    assert record.adopted_from(run.id) == Path("reports/tiny/data")
    assert set(result_of(record, run.id).files) == {"run.json", "epochs.json"}
    assert record.arrays(run.id) == {}
    assert facts_of(record, run.id).settings["model.width"] == 8


def test_status_says_where_a_run_comes_from(reported: Design) -> None:
    adopt(reported, Record())
    details = {run.detail for run in look_over(RequestedRuns.of(reported), Record()).runs}
    assert details == {"adopted from reports/tiny/data"}


def test_a_run_that_was_trained_here_was_not_adopted(swept: tuple[Path, Design]) -> None:
    assert Record(swept[0] / ".ablate").adopted_from(swept[1].runs[0].id) is None


def test_what_the_record_has_is_never_overwritten(reported: Design) -> None:
    record, (ended, failed, begun, _) = Record(), reported.runs
    for run in (ended, failed, begun):
        record.write_event(run, Started(0, "cpu"))
    record.write_event(ended, Ended("finished", {"test/psnr": 1.0}, b"", b"", {}, []))
    record.write_event(failed, Failed("out of memory"))
    before = {path: path.read_bytes() for path in Path(".ablate").rglob("*.json")}
    assert len(adopt(reported, record)) == 1
    assert {path: path.read_bytes() for path in before} == before


def test_adopting_again_adopts_nothing(reported: Design) -> None:
    adopt(reported, Record())
    assert adopt(reported, Record()) == []


def test_a_kill_in_mid_adoption_leaves_whole_runs_only(reported: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("ablate.records.record._write_result", killed)
        with pytest.raises(KeyboardInterrupt):
            adopt(reported, Record())
    assert {Record().status(run.id) for run in reported.runs} == {"absent"}
    assert len(adopt(reported, Record())) == 4


def test_only_runs_that_the_study_asks_for_and_that_have_ended_are_adopted(reported: Design) -> None:
    runs = pd.read_csv("reports/tiny/data/runs.csv", dtype=str)
    runs.loc[0, "status"] = "failed"
    runs.to_csv("reports/tiny/data/runs.csv", index=False)
    wider = load_study(write_tiny_study(Path(), "wider.yaml", seeds="[1, 2]"))
    assert [run.seed for run in adopt(wider, Record())] == [1, 1]
    assert [run.seed for run in adopt(reported, Record())] == [0]


def test_another_study_adopts_what_it_shares_with_its_scenes(reported: Design) -> None:
    other = load_study(write_tiny_study(Path(), "other.yaml"))
    adopt(other, Record())
    export(other, Record(), Path("reports/other"))
    mine, theirs = read(other, Path("reports/other")), read(reported, Path("reports/tiny"))
    assert mine.runs.equals(theirs.runs)
    assert {arm: scenes["index"].tolist() for arm, scenes in mine.scenes.items()} == {
        arm: scenes["index"].tolist() for arm, scenes in theirs.scenes.items()
    }


def test_a_new_arm_shows_the_scenes_of_the_adopted_ones(swept: tuple[Path, Design], reported: Design) -> None:
    source, record = Record(swept[0] / ".ablate"), Record()
    adopt(reported, record)
    new = reported.arms[1].run(0)
    shutil.rmtree(record.folder(new.id))
    shutil.copytree(source.folder(new.id), record.folder(new.id))
    before = read(reported, Path("reports/tiny")).scenes
    export(reported, record, Path("reports/tiny"))
    after = read(reported, Path("reports/tiny")).scenes
    assert after["without"]["index"].tolist() == before["with"]["index"].tolist()


def test_one_more_seed_keeps_the_lines_of_the_others(reported: Design) -> None:
    before = Path("reports/tiny/data/runs.csv").read_text().splitlines()
    more = load_study(write_tiny_study(Path(), seeds="3"))
    record = Record()
    assert len(adopt(more, record)) == 4
    assert [run.seed for run in more.runs if record.needs_training(run.id)] == [2, 2]
    export(more, record, Path("reports/tiny"))
    ended = [line.split(",")[:8] for line in Path("reports/tiny/data/runs.csv").read_text().splitlines()]
    assert all(line.split(",")[:8] in ended for line in before)


def diverged(study: Design, record: Record) -> None:
    """The second seed of the reference scores worse than predicting zero; that of the other arm has no epoch."""
    zero = {f"zero/{name}": value for name, value in (("mse", 0.02), ("psnr", 17.0), ("ssim", 0.5), ("gain", -4.0))}
    own = {"test/psnr": 15.0, "last/psnr": 14.0, "test/mse_sem": 0.1}
    first, second = (arm.run(1) for arm in study.arms)
    for run, results in ((first, zero | own), (second, zero | {"diverged/epoch": 1})):
        shutil.rmtree(record.folder(run.id))
        record.write_event(run, Started(0, "cpu"))
        record.write_event(run, Ended("diverged", results, b"", b"", {"threads": 1}, []))


def test_runs_that_diverged_are_adopted_exactly_without_a_score_of_their_own(
    swept_copy: tuple[Record, Design],
) -> None:
    record, study = swept_copy
    diverged(study, record)
    export(study, record, Path("reports/tiny"))
    before, adopted = written(), Record(Path("elsewhere"))
    assert len(adopt(study, adopted)) == 4
    export(study, adopted, Path("reports/tiny"))
    assert written() == before
    results = result_of(adopted, study.arms[0].run(1).id).results
    assert "test/psnr" not in results
    assert results["zero/psnr"] == 17.0
    assert load_results(study, adopted)["test/psnr"].tolist()[1] == 17.0
    assert all(math.isfinite(value) for value in results.values())


def test_a_dry_run_sees_what_would_be_adopted_and_writes_nothing(reported: Design) -> None:
    foreseen = PlannedRecord(Record(), adoptable(reported, Record()))
    assert not any(foreseen.needs_training(run.id) for run in reported.runs)
    # pandas before 3.1 reads the first 15 digits of a number
    pd.testing.assert_frame_equal(
        load_epochs(reported, foreseen), read(reported, Path("reports/tiny")).epochs, rtol=1e-12, atol=0
    )
    assert not Path(".ablate").exists()


def test_a_study_with_looks_adopts_what_they_used_and_foresees_what_they_need(
    swept_copy: tuple[Record, Design],
) -> None:
    trained, _ = swept_copy
    study = load_study(write_tiny_study(Path(), seeds="{from: 2, to: 3}"))
    export(study, trained, Path("reports/tiny"))
    before, record = written(), Record(Path("elsewhere"))
    foreseen = PlannedRecord(record, adoptable(study, record))
    assert seeds_in_reach(study, foreseen) == seeds_in_reach(study, trained)
    assert len(adopt(study, record)) == 4
    export(study, record, Path("reports/tiny"))
    assert written() == before


def cut(text: str) -> str:
    return text[: text.rindex(",")]


DAMAGE: dict[str, tuple[str, Callable[[str], str]]] = {
    "empty": ("runs.csv", lambda text: ""),
    "cut off": ("runs.csv", cut),
    "cut off in a number": ("epochs.csv", lambda text: text[:-3]),
    "an epoch is missing": ("epochs.csv", lambda text: "\n".join(text.splitlines()[:-1]) + "\n"),
    "epochs cut off": ("epochs.csv", cut),
    "no number": ("runs.csv", lambda text: text.replace(text.splitlines()[1].split(",")[8], "many")),
    "not finite": ("runs.csv", lambda text: text.replace(text.splitlines()[1].split(",")[8], "inf")),
    "a merge": ("runs.csv", lambda text: "<<<<<<< HEAD\n" + text),
    "another seed": ("runs.csv", lambda text: text.replace("with,0,", "with,7,", 1)),
    "a quote": ("runs.csv", lambda text: text.replace("with,0,", '"with,0,', 1)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_table_is_one_line_and_nothing_is_adopted(damage: str, reported: Design) -> None:
    name, change = DAMAGE[damage]
    path = Path("reports/tiny/data", name)
    path.write_text(change(path.read_text()))
    with pytest.raises(AblateError, match=f"^reports/tiny/data/{name}: this table is damaged, so no run") as error:
        adopt(reported, Record())
    assert len(str(error.value).splitlines()) == 1
    assert not Path(".ablate").exists()


def test_a_table_without_its_epochs_is_damaged(reported: Design) -> None:
    Path("reports/tiny/data/epochs.csv").unlink()
    with pytest.raises(AblateError, match=r"epochs.csv: this table is damaged"):
        adopt(reported, Record())


def test_the_scenes_of_a_studys_own_data_stay_where_other_data_hold_the_same_runs(
    swept: tuple[Path, Design], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, own, other = swept[1], Path("reports/tiny/data"), Path("reports/another/data")
    first, second = (arm.run(study.seeds[0]).id for arm in study.arms)
    record = Record()
    monkeypatch.setattr(record, "adopted_from", lambda run: own if run == first else other)
    held = {own: {first: {"from": own}, second: {"from": own}}, other: {second: {"from": other}}}
    monkeypatch.setattr("ablate.reporting.study.data._scenes_by_run", held.__getitem__)
    found = _adopted_scenes(study, record, own)
    assert found == {arm.name: {"from": own} for arm in study.arms}
