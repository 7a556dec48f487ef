"""Reference points: each method with the parameters of the lowest validation error, on all test images."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.ndimage import median_filter
from skimage.restoration import denoise_tv_chambolle

from ablate.data.references import METHODS, reference_points
from ablate.data.sources import make_pairs
from ablate.data.task import Split, Task
from ablate.records import references
from ablate.records.references import load_references
from ablate.reporting.study.data import read_references
from tests.helpers.committed import committed
from tests.helpers.pictures import picture_task, write_pictures
from tests.helpers.tiny import tiny_run

RUN = tiny_run()
TASK = Task.of(RUN.model, RUN.data)


def error(denoise: Any, split: Split, count: int, task: Task = TASK) -> float:
    noisy, clean = make_pairs(count, split=split, task=task)
    return float(np.mean([np.square(denoise(x[0]) - y[0]).mean() for x, y in zip(noisy, clean, strict=True)]))


@pytest.mark.parametrize(
    ("name", "key", "denoise"),
    [
        ("median", "size", lambda x, size: median_filter(x, size, mode="reflect")),
        ("tv", "weight", lambda x, weight: denoise_tv_chambolle(x, weight=weight)),
    ],
)
def test_the_parameters_have_the_lowest_validation_error_and_the_score_is_of_all_test_images(
    name: str, key: str, denoise: Any
) -> None:
    found = reference_points(TASK)[name]
    errors = {value: error(partial(denoise, **{key: value}), "validation", 8) for value in METHODS[name].grid[key]}
    best = min(errors, key=errors.__getitem__)
    assert found.parameters == {key: best}
    assert found.mse == pytest.approx(error(partial(denoise, **{key: best}), "test", 16), rel=1e-5)


def test_the_number_of_threads_changes_nothing() -> None:
    assert reference_points(TASK, threads=3) == reference_points(TASK)


@pytest.mark.parametrize("channels", [1, 3])
def test_every_method_removes_gaussian_noise_from_pictures(workplace: Path, channels: int) -> None:
    folder = write_pictures(workplace / "pics", channels=channels)
    task = picture_task(folder, model__channels=channels, data__test=8)
    nothing = error(lambda x: x, "test", 8, task)
    assert all(point.mse < nothing / 1.5 for point in reference_points(task).values())


@pytest.mark.parametrize("path", committed("reports/*/data/references.json"), ids=lambda p: p.parts[-3])
def test_the_best_parameters_of_the_committed_studies_are_not_at_the_ends_of_their_grids(path: Path) -> None:
    for points in read_references(path).values():
        for name, point in points.items():
            for key, value in point.parameters.items():
                grid = METHODS[name].grid[key]
                assert value in grid[1:-1] or isinstance(value, str), f"{name}: {key} {value}"


def test_the_points_of_a_task_are_computed_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_references(tmp_path, TASK)
    monkeypatch.setattr(references, "reference_points", None)  # any further computation fails
    assert load_references(tmp_path, TASK) == first
    with pytest.raises(TypeError):
        load_references(tmp_path, TASK._replace(channels=2))
