"""The data of a report: they are the record, and damaged or old ones are refused."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ablate.errors import AblateError
from ablate.records.record import Record
from ablate.records.tables import load_epochs, load_results
from ablate.reporting.study.data import export, pick_scenes, read
from ablate.reporting.study.page import write_report
from ablate.studies.planning import Design


def test_the_data_are_the_record(report: tuple[Path, Design], swept: tuple[Path, Design]) -> None:
    record = Record(swept[0] / ".ablate")
    data = read(report[1], report[0])
    numbers = [name for name in data.runs.columns if "/" in name and not name.startswith("env/")]
    pd.testing.assert_frame_equal(data.runs[numbers], load_results(report[1], record)[numbers], check_dtype=False)
    pd.testing.assert_frame_equal(data.epochs, load_epochs(report[1], record))


def test_each_arm_has_its_scenes(report: tuple[Path, Design]) -> None:
    scenes = read(report[1], report[0]).scenes
    assert {name: {kind: x.shape for kind, x in arm.items()} for name, arm in scenes.items()} == {
        name: dict.fromkeys(("noisy", "clean", "denoised"), (3, 1, 16, 16)) | {"index": (3,), "mse": (3,)}
        for name in ("with", "without")
    }
    np.testing.assert_array_equal(scenes["with"]["clean"], scenes["without"]["clean"])


def test_exporting_again_gives_the_same_bytes(
    report: tuple[Path, Design], swept: tuple[Path, Design], tmp_path: Path
) -> None:
    export(swept[1], Record(swept[0] / ".ablate"), tmp_path)
    for path in (report[0] / "data").glob("*.[cn]*"):  # the looks are written with the report
        assert (tmp_path / "data" / path.name).read_bytes() == path.read_bytes()


def test_without_data_the_error_says_what_to_do(report: tuple[Path, Design], tmp_path: Path) -> None:
    with pytest.raises(AblateError, match="ablate sweep"):
        write_report(report[1], tmp_path)


def test_data_of_another_version_of_the_study_are_refused(report: tuple[Path, Design]) -> None:
    folder, study = report
    longer = study.with_changes(base=study.study.base | {"training.epochs": 9})
    with pytest.raises(AblateError, match="another version"):
        write_report(longer, folder)


def test_data_of_an_older_version_of_ablate_are_refused(report: tuple[Path, Design], tmp_path: Path) -> None:
    shutil.copytree(report[0] / "data", tmp_path / "data")
    with np.load(tmp_path / "data" / "scenes.npz") as arrays:
        old = {name: array for name, array in arrays.items() if not name.endswith(("index", "mse"))}
    np.savez_compressed(tmp_path / "data" / "scenes.npz", **old)
    with pytest.raises(AblateError, match="older version of ablate"):
        write_report(report[1], tmp_path)


def test_the_scenes_are_the_references_best_median_and_worst() -> None:
    assert pick_scenes([[3.0, 1.0, 5.0, 2.0, 4.0], [3.0, 1.0, 5.0, 2.0, 4.0]]) == [1, 0, 2]


def test_scenes_are_picked_by_the_mean_over_runs() -> None:
    assert pick_scenes([[1.0, 5.0, 2.0], [9.0, 1.0, 3.0]]) == [2, 1, 0]


@pytest.mark.parametrize(("mse", "chosen"), [([1.0], [0]), ([2.0, 1.0], [1, 0])])
def test_few_scenes_are_shown_once(mse: list[float], chosen: list[int]) -> None:
    assert pick_scenes(mse) == chosen


def test_the_shown_scenes_are_those_of_the_recorded_errors(
    report: tuple[Path, Design], swept: tuple[Path, Design]
) -> None:
    record, study = Record(swept[0] / ".ablate"), swept[1]
    errors = [record.arrays(cell.run.id)["test_mse"] for cell in study.cells if cell.arm.name == "with"]
    scenes = read(study, report[0]).scenes["with"]
    assert scenes["index"][0] == np.mean(errors, axis=0).argmin()
    assert scenes["index"][-1] == np.mean(errors, axis=0).argmax()
    np.testing.assert_array_equal(scenes["mse"], errors[0][scenes["index"]])


DAMAGED = [("runs.csv", b""), ("runs.csv", b"arm;seed;run\n1;2;3\n"), ("epochs.csv", b""), ("epochs.csv", None)]
DAMAGED += [
    ("scenes.npz", b""),
    ("scenes.npz", b"PK\x03\x04 cut off"),
    ("scenes.npz", None),
    ("image_errors.csv", b"arm\n1\n"),
]


@pytest.mark.parametrize(("name", "content"), DAMAGED)
def test_damaged_data_are_named(report: tuple[Path, Design], tmp_path: Path, name: str, content: bytes | None) -> None:
    shutil.copytree(report[0] / "data", tmp_path / "data")
    (tmp_path / "data" / name).unlink()
    if content is not None:
        (tmp_path / "data" / name).write_bytes(content)
    with pytest.raises(AblateError, match=f"{name}: is damaged"):
        write_report(report[1], tmp_path)
