"""Crops of pictures: divided by file, scaled by a stated range, fixed for tests and reproducible for training."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from ablate.data.kept import listed, pixels_of
from ablate.data.pictures import Pictures
from ablate.data.sources import make_pairs, source_of
from ablate.data.task import Images, Split
from ablate.images.folders import SPLITS
from ablate.overrides import resolve
from ablate.studies.contents import Contents
from tests.helpers.pictures import PICTURES, picture_task, smooth, write_pictures


def run_id(folder: Path | str, **changes: object) -> str:
    overrides = {name.replace("__", "."): value for name, value in changes.items()}
    return Contents().fill(resolve(PICTURES | {"data.path": str(folder)} | overrides)).run(0).id


def test_a_crop_is_a_part_of_its_file_on_a_range_from_0_to_1(workplace: Path) -> None:
    task = picture_task(write_pictures(workplace / "pics"))
    _, clean = make_pairs(4, split="test", task=task)
    file = source_of(task).files["test"][0]  # type: ignore[attr-defined]
    pixels = pixels_of(file.clean)[..., 0]
    windows = np.lib.stride_tricks.sliding_window_view(pixels, task.image_size)
    for crop in np.rint(255 * clean[:, 0]).astype(np.uint8):
        assert (windows == crop).all(axis=(2, 3)).any()
        np.testing.assert_array_equal(np.float32(crop / 255), np.float32(crop / 255.0))


def test_no_file_is_in_two_splits_and_each_split_has_one(workplace: Path) -> None:
    for count in (3, 4, 10, 31):
        task = picture_task(write_pictures(workplace / f"pics{count}", count))
        files = Pictures(task).files
        assert sorted(file.clean for split in SPLITS for file in files[split]) == sorted(
            file.clean for file in listed(task.data)
        )
        assert all(files[split] for split in SPLITS)
    assert [len(files[split]) for split in SPLITS] == [25, 3, 3]


@pytest.mark.parametrize("fractions", [[0.02, 0.49, 0.49], [0.02, 0.96, 0.02], [0.98, 0.01, 0.01], [0.1, 0.1, 0.8]])
def test_each_split_has_a_file_whatever_the_fractions(workplace: Path, fractions: list[float]) -> None:
    for count in (3, 4, 7, 10):
        files = Pictures(picture_task(write_pictures(workplace / f"{count}", count), data__split=fractions)).files
        assert min(map(len, files.values())) >= 1
        assert sum(map(len, files.values())) == count


def test_three_folders_are_the_splits(workplace: Path) -> None:
    for number, split in enumerate(SPLITS):
        write_pictures(workplace / "pics" / split, number + 1, start=10 * number)
    files = Pictures(picture_task(workplace / "pics")).files
    assert [len(files[split]) for split in SPLITS] == [1, 2, 3]
    assert {Path(file.path).parent.name for file in files["test"]} == {"test"}


def test_training_crops_are_a_function_of_seed_epoch_and_index(workplace: Path) -> None:
    task = picture_task(write_pictures(workplace / "pics"))
    whole = make_pairs(9, 3, epoch=2, task=task)
    for a, b in zip(whole, make_pairs(4, 3, epoch=2, start=5, task=task), strict=True):
        np.testing.assert_array_equal(a[5:], b)
    for other in (make_pairs(9, 4, epoch=2, task=task), make_pairs(9, 3, epoch=1, task=task)):
        assert not np.array_equal(whole[1], other[1])


@pytest.mark.parametrize("split", SPLITS[1:])
def test_test_crops_are_the_same_for_all_seeds_and_settings_of_training(workplace: Path, split: Split) -> None:
    write_pictures(workplace / "pics")
    first = make_pairs(6, split=split, task=picture_task(workplace / "pics"))
    plain = picture_task(workplace / "pics", data__flips=False, data__turns=False)
    for a, b in zip(first, make_pairs(6, 7, split=split, epoch=3, task=plain), strict=True):
        np.testing.assert_array_equal(a, b)


def test_training_crops_are_turned_and_flipped_in_all_eight_ways(workplace: Path) -> None:
    write_pictures(workplace / "pics", height=16, width=16)  # as large as the crops, so only turns differ
    turned = {clean.tobytes() for clean in make_pairs(400, task=picture_task(workplace / "pics"))[1]}
    flat = picture_task(workplace / "pics", data__flips=False, data__turns=False)
    plain = {clean.tobytes() for clean in make_pairs(400, task=flat)[1]}
    assert plain < turned
    assert len(turned) == 8 * len(plain)


def test_crops_that_are_not_square_are_turned_by_half(workplace: Path) -> None:
    write_pictures(workplace / "pics", height=16, width=24)
    task = picture_task(workplace / "pics", model__image_size=[16, 24])
    plain = picture_task(workplace / "pics", model__image_size=[16, 24], data__flips=False, data__turns=False)
    found = {len({clean.tobytes() for clean in make_pairs(400, task=it)[1]}) for it in (task, plain)}
    assert found == {4 * min(found), min(found)}


@pytest.mark.parametrize(
    ("kind", "limits", "low", "high"),
    [
        ("uint8", "type", 0, 255),
        ("uint16", "type", 0, 65535),
        ("float32", "type", 0, 1),
        ("uint16", [50, 4096], 50, 4096),
    ],
)
def test_the_range_is_that_of_the_type_or_a_given_one(
    workplace: Path, kind: str, limits: object, low: int, high: int
) -> None:
    (workplace / "pics").mkdir()
    for number in range(4):
        pixels = (smooth(number) / (255 if kind == "float32" else 1)).astype(kind)
        tifffile.imwrite(workplace / "pics" / f"{number}.tif", pixels)
    task = picture_task(workplace / "pics", data__range=limits)
    _, clean = make_pairs(3, split="test", task=task)
    pixels = pixels_of(Pictures(task).files["test"][0].clean)
    assert pixels.dtype == kind
    assert np.isin(clean, ((pixels.astype(np.float64) - low) / (high - low)).astype(np.float32)).all()


def test_the_constant_prediction_is_the_mean_of_the_training_pictures(workplace: Path) -> None:
    task = picture_task(write_pictures(workplace / "pics", channels=3), model__channels=3)
    files = Pictures(task).files["train"]
    pixels = np.concatenate([pixels_of(file.clean).reshape(-1, 3) for file in files])
    np.testing.assert_allclose(source_of(task).constant(), pixels.mean(axis=0) / 255, rtol=1e-6)


def test_pairs_are_crops_of_the_same_place_without_further_noise(workplace: Path) -> None:
    for number in range(5):
        for half, shift in (("clean", 0), ("noisy", 7)):
            (workplace / "pics" / half).mkdir(parents=True, exist_ok=True)
            pixels = (smooth(number) // 2 + shift).astype(np.uint8)
            Image.fromarray(pixels).save(workplace / "pics" / half / f"{number}.png")
    task = picture_task(workplace / "pics", data__noise=[])
    for split in SPLITS:
        noisy, clean = make_pairs(5, split=split, task=task)
        np.testing.assert_allclose(noisy - clean, 7 / 255, atol=1e-6)


def test_moved_and_renamed_pictures_are_the_same_runs_and_the_same_crops(workplace: Path) -> None:
    write_pictures(workplace / "pics")
    before, crops = run_id("pics"), make_pairs(5, task=picture_task(workplace / "pics"))
    (workplace / "elsewhere").mkdir()
    for number, path in enumerate(sorted((workplace / "pics").iterdir(), reverse=True)):
        shutil.move(path, workplace / "elsewhere" / f"renamed{number}.png")
    assert run_id("elsewhere") == before
    np.testing.assert_array_equal(make_pairs(5, task=picture_task(workplace / "elsewhere"))[0], crops[0])


def test_changed_pictures_are_new_runs(workplace: Path) -> None:
    write_pictures(workplace / "pics")
    ids = {run_id("pics")}
    Image.fromarray(smooth(99)).save(workplace / "pics" / "p0.png")
    ids.add(run_id("pics"))
    write_pictures(workplace / "pics", 1, start=50)
    ids.add(run_id("pics"))
    ids.add(run_id("pics", data__omit=["p1.png"]))
    assert len(ids) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"data__split": [0.6, 0.2, 0.2]},
        {"data__range": [0, 100]},
        {"data__flips": False},
        {"data__turns": False},
        {"data__noise": ["poisson"]},
        {"data__clip": True},
    ],
)
def test_every_setting_of_pictures_changes_the_id(workplace: Path, change: dict[str, object]) -> None:
    write_pictures(workplace / "pics")
    assert run_id("pics", **change) != run_id("pics")


def test_a_skipped_picture_is_the_same_as_one_that_is_not_there(workplace: Path) -> None:
    write_pictures(workplace / "pics")
    skipped = run_id("pics", data__omit=["p3.png"])
    (workplace / "pics" / "p3.png").unlink()
    assert run_id("pics") == skipped


def test_a_crop_does_not_depend_on_the_noise(workplace: Path) -> None:
    write_pictures(workplace / "pics")
    images = Images("train", 0, 5)
    one, other = (
        Pictures(picture_task(workplace / "pics", data__noise=[name])).pairs(images) for name in ("gaussian", "poisson")
    )
    np.testing.assert_array_equal(one[1], other[1])
    assert not np.array_equal(one[0], other[0])
