"""The statistics of the scenes, against closed forms: shapes are compound Poisson fields, so moments are sums.

Shapes: S scenes, C channels, H height, W width.
"""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.signal import convolve2d

from ablate.data.sources import make_pairs, make_scenes
from ablate.data.task import Split, Task
from ablate.data_settings import CellConfig, FilledConfig, NoisyConfig
from ablate.settings import DataConfig, ModelConfig

SCENES, SIDE, RADII = 20_000, 64, range(5, 11)
CELLS, RECTANGLES = 0.002 * SIDE**2, 0.0003 * SIDE**2  # expected shapes a scene
NO_CELLS, NO_FILLED, NO_NOISY = CellConfig(density=0), FilledConfig(density=0), NoisyConfig(density=0)
HALF_NORMAL_MEAN = 1 / np.sqrt(2 * np.pi)  # of max(0, N(0, 1)), whose mean square is 1/2

Array = NDArray[Any]
Painted = tuple[dict[str, Array], dict[str, Array], float]


def small(
    side: int | tuple[int, int],
    cells: CellConfig = NO_CELLS,
    filled: FilledConfig = NO_FILLED,
    noisy: NoisyConfig = NO_NOISY,
    count: int = 200,
) -> tuple[Array, Array]:
    """Scenes of a small image with some parts only, as (clean, noise)."""
    size = side if isinstance(side, tuple) else (side, side)
    noisy_SCHW, clean_SCHW = make_pairs(count, task=Task(DataConfig(cells=cells, filled=filled, noisy=noisy), size))
    return clean_SCHW[:, 0], (noisy_SCHW - clean_SCHW)[:, 0]


def disc(radius: int) -> Array:
    offset = np.arange(-radius, radius + 1)
    d2 = offset[:, None] ** 2 + offset[None, :] ** 2
    return np.where(d2 < radius**2, 0.39 - 0.36 * d2 / radius**2, 0)


def cell_map(power: int) -> Array:
    """The mean over cells of their value to this power at each pixel, for an intensity of 1."""
    centres = {r: np.pad(np.ones((SIDE - 2 * r + 1,) * 2), ((r, r - 1),) * 2) / (SIDE - 2 * r + 1) ** 2 for r in RADII}
    return np.asarray(np.mean([convolve2d(centres[r], disc(r) ** power, mode="same") for r in RADII], axis=0))


def covered(sides: range) -> Array:
    """The chance of each row that a shape with one of these heights, anywhere inside, covers it."""
    starts = [np.arange(SIDE)[:, None] - np.arange(SIDE - side + 1)[None, :] for side in sides]
    rows = [((d >= 0) & (d < side)).mean(axis=1) for d, side in zip(starts, sides, strict=True)]
    return np.asarray(np.mean(rows, axis=0))


def rectangle_maps() -> tuple[Array, Array]:
    """The chance of each pixel to be covered by a filled and by a noisy rectangle."""
    long, short, side = covered(range(20, 51)), covered(range(2, 11)), covered(range(10, 31))
    return (np.outer(long, short) + np.outer(short, long)) / 2, np.outer(side, side)


def expected_maps() -> tuple[Array, Array, Array, Array]:
    """Mean and mean square of each pixel: (clean mean, clean square, noise mean, noise square)."""
    filled, noisy = rectangle_maps()
    clean_mean = CELLS * 0.8 * cell_map(1)
    clean_square = CELLS * np.mean([0.6**2, 0.6, 1]) * cell_map(2) + clean_mean**2
    noise_mean = RECTANGLES * 0.2 * (filled + HALF_NORMAL_MEAN * noisy)
    noise_square = RECTANGLES * 0.4**2 / 3 * (filled + noisy / 2) + noise_mean**2
    return clean_mean, clean_square, noise_mean, noise_square


@pytest.fixture(scope="module")
def painted() -> Painted:
    """Of 20,000 scenes by part: each pixel's mean and mean square, each scene's mean square; and the least value."""
    sums = {part: np.zeros((2, SIDE, SIDE)) for part in ("clean", "noise")}
    squares: dict[str, list[Array]] = {"clean": [], "noise": []}
    least: list[float] = []
    for start in range(0, SCENES, 1000):
        noisy, clean = make_pairs(1000, split="test", start=start)
        for part, x_SHW in (("clean", clean[:, 0]), ("noise", (noisy - clean)[:, 0])):
            sums[part] += x_SHW.sum(axis=0, dtype=np.float64), np.square(x_SHW).sum(axis=0, dtype=np.float64)
            squares[part].append(np.square(x_SHW).mean(axis=(1, 2)))
            least.append(x_SHW.min())
    maps = {part: total / SCENES for part, total in sums.items()}
    return maps, {part: np.concatenate(blocks) for part, blocks in squares.items()}, min(least)


@pytest.fixture(scope="module")
def counted() -> dict[str, Array]:
    """The number of shapes of each part in 10,000 scenes, from shapes whose sums are all the same."""
    cells = CellConfig(density=CELLS / 32**2, radius=(5, 5), intensity=(1.0, 1.0))
    filled = FilledConfig(density=RECTANGLES / 32**2, long=(20, 20), short=(2, 2), value=(1.0, 1.0))
    noisy = NoisyConfig(density=RECTANGLES / 32**2, side=(30, 30), value=(1.0, 1.0))
    cell_sums, filled_sums = (x.sum(axis=(1, 2)) for x in small(32, cells, filled, count=SCENES // 2))
    noisy_sums = small(32, noisy=noisy, count=SCENES // 2)[1].sum(axis=(1, 2))
    return {
        "cells": cell_sums / disc(5).sum(),
        "filled": filled_sums / 40,
        "noisy": noisy_sums / (900 * HALF_NORMAL_MEAN),
    }


@pytest.mark.parametrize(("part", "expected"), [("cells", CELLS), ("filled", RECTANGLES), ("noisy", RECTANGLES)])
def test_the_number_of_shapes_is_poisson(counted: dict[str, Array], part: str, expected: float) -> None:
    counts = np.rint(counted[part]).astype(int)
    classes = np.arange(int(stats.poisson.ppf(1e-3, expected)), int(stats.poisson.ppf(1 - 1e-3, expected)) + 1)
    observed = [(np.clip(counts, classes[0], classes[-1]) == k).sum() for k in classes]
    chance = stats.poisson.pmf(classes, expected)
    chance[0], chance[-1] = stats.poisson.cdf(classes[0], expected), stats.poisson.sf(classes[-2], expected)
    assert stats.chisquare(observed, len(counts) * chance).pvalue > 1e-5


@pytest.mark.parametrize("part", ["cells", "filled"])
def test_every_shape_lies_completely_inside_the_image(counted: dict[str, Array], part: str) -> None:
    np.testing.assert_allclose(counted[part], np.rint(counted[part]), atol=1e-4)


@pytest.mark.parametrize(("part", "first"), [("clean", 0), ("noise", 2)])
def test_the_mean_scene_is_the_closed_form(painted: Painted, part: str, first: int) -> None:
    mean, _ = painted[0][part]
    expected_mean, expected_square = expected_maps()[first : first + 2]
    error = np.sqrt((expected_square - expected_mean**2) / SCENES)
    assert (np.abs(mean - expected_mean) <= 6 * error + 1e-9).all()


@pytest.mark.parametrize(("part", "which", "published"), [("noise", 3, 0.0072), ("clean", 1, 0.0188)])
def test_the_mse_of_doing_nothing_and_of_predicting_zero_is_the_closed_form(
    painted: Painted, part: str, which: int, published: float
) -> None:
    squares, expected = painted[1][part], expected_maps()[which].mean()
    error = squares.std() / np.sqrt(SCENES)
    assert abs(squares.mean() - expected) < 5 * error
    assert abs(published - expected) < 3 * error + 5e-5


def test_neither_cells_nor_noise_are_negative(painted: Painted) -> None:
    assert painted[2] == 0


def test_a_cell_touches_neither_the_first_row_nor_the_first_column(painted: Painted) -> None:
    mean = painted[0]["clean"][0]
    assert mean.any(axis=0).tolist() == mean.any(axis=1).tolist() == [False] + [True] * (SIDE - 1)


@pytest.mark.parametrize("radius", [5, 8, 10])
def test_a_cell_is_the_disc_of_the_closed_form(radius: int) -> None:
    """An image of 2 r pixels leaves a disc one place only, so a scene is the disc times the number of cells."""
    cells = CellConfig(density=3 / (2 * radius) ** 2, radius=(radius, radius), intensity=(0.7, 0.7))
    clean_SHW, _ = small(2 * radius, cells, count=50)
    number = np.rint(clean_SHW[:, radius, radius] / (0.7 * 0.39))
    expected = 0.7 * disc(radius)[:-1, :-1]
    np.testing.assert_allclose(clean_SHW, number[:, None, None] * expected, atol=1e-5)
    assert number.max() > number.min()


def test_a_filled_rectangle_is_long_one_way_and_short_the_other() -> None:
    _, noise_SHW = small(64, filled=FilledConfig(density=0.3 / 4096), count=4000)
    sides: list[tuple[int, int]] = []
    for noise in noise_SHW:
        ys, xs = np.nonzero(noise)
        alone = len(ys) and (noise[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1] == noise.max()).all()
        sides += [(int(np.ptp(ys)) + 1, int(np.ptp(xs)) + 1)] if alone else []
    lying = np.mean([height < width for height, width in sides])
    assert abs(lying - 0.5) < 5 * 0.5 / np.sqrt(len(sides))
    assert {min(pair) for pair in sides} == set(range(2, 11))
    assert {max(pair) for pair in sides} == set(range(20, 51))


def test_a_noisy_rectangle_is_half_normal_pixel_by_pixel() -> None:
    _, noise_SHW = small(32, noisy=NoisyConfig(density=1 / 32**2, side=(32, 32), value=(1.0, 1.0)))
    one = noise_SHW[np.rint(noise_SHW.mean(axis=(1, 2)) / HALF_NORMAL_MEAN) == 1]
    positive = one[one > 0]
    assert abs(len(positive) / one.size - 0.5) < 5 * 0.5 / np.sqrt(one.size)
    assert stats.kstest(positive, stats.halfnorm.cdf).pvalue > 1e-4


@pytest.mark.parametrize("size", [(8, 8), (8, 24), (24, 8)])
def test_cells_are_clipped_to_a_small_image(size: tuple[int, int]) -> None:
    """Across the short side there is one place for a disc: in the middle."""
    clean_SHW, _ = small(size, CellConfig(density=0.02))
    profile = clean_SHW.max(axis=(0, 2) if size[0] == 8 else (0, 1))
    assert profile[0] == 0
    assert profile.argmax() == 4
    np.testing.assert_array_equal(profile[1:], profile[:0:-1])


def test_rectangles_are_clipped_to_a_small_image() -> None:
    """Filled ones then reach from edge to edge, so each pixel is a value of its row plus one of its column."""
    _, noise_SHW = small(8, filled=FilledConfig(density=0.02))
    np.testing.assert_allclose(np.diff(np.diff(noise_SHW, axis=1), axis=2), 0, atol=1e-6)
    assert np.diff(noise_SHW, axis=1).any()
    assert np.diff(noise_SHW, axis=2).any()


@pytest.mark.parametrize("part", ["cells", "filled", "noisy"])
def test_no_density_gives_no_shapes(part: str) -> None:
    nothing: dict[str, Any] = {"cells": NO_CELLS, "filled": NO_FILLED, "noisy": NO_NOISY}
    clean_SHW, noise_SHW = small(16, **{part: nothing[part]})
    assert not clean_SHW.any()
    assert not noise_SHW.any()


TINY = Task(image_size=(16, 16))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**63 - 1), st.integers(0, 99), st.integers(0, 500), st.integers(1, 6), st.integers(1, 6))
def test_a_scene_does_not_depend_on_the_batch(seed: int, epoch: int, start: int, before: int, count: int) -> None:
    whole = make_pairs(before + count, seed, epoch=epoch, start=start, task=TINY)
    part = make_pairs(count, seed, epoch=epoch, start=start + before, task=TINY)
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[before:], b)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_validation_and_test_scenes_ignore_seed_and_epoch(split: Split) -> None:
    a, _ = make_pairs(4, 0, split=split)
    b, _ = make_pairs(4, 7, split=split, epoch=3)
    np.testing.assert_array_equal(a, b)


def test_seed_epoch_index_and_split_each_give_other_scenes() -> None:
    draws: list[dict[str, Any]] = [
        {},
        {"seed": 1},
        {"seed": 2**32},
        {"epoch": 1},
        {"start": 1},
        {"split": "validation"},
        {"split": "test"},
    ]
    scenes = {make_pairs(1, **draw)[0].tobytes() for draw in draws}
    assert len(scenes) == len(draws)


def test_noise_settings_do_not_change_the_cells() -> None:
    loud = DataConfig(filled=FilledConfig(density=0.01, value=(0.0, 0.8)), noisy=NO_NOISY)
    np.testing.assert_array_equal(make_pairs(8)[1], make_pairs(8, task=Task(loud))[1])


def test_the_first_channel_does_not_depend_on_the_others() -> None:
    three = make_pairs(4, task=Task(channels=3))
    for one, many in zip(make_pairs(4), three, strict=True):
        np.testing.assert_array_equal(one, many[:, :1])


def test_channels_are_independent() -> None:
    noisy, clean = make_pairs(2000, task=Task(image_size=(32, 32), channels=2))
    for x_SCHW in (clean, noisy - clean):
        correlation = np.corrcoef(x_SCHW.sum(axis=(2, 3)).T)[0, 1]
        assert abs(correlation) < 5 / np.sqrt(2000)


def test_painting_neither_reads_nor_changes_the_global_random_states() -> None:
    first, (_, before, *_), before_torch = make_scenes(2)[0], np.random.get_state(), torch.get_rng_state()
    np.random.seed(1)
    torch.manual_seed(1)
    _, seeded, *_ = np.random.get_state(legacy=True)
    assert torch.equal(make_scenes(2)[0], first)
    _, after, *_ = np.random.get_state(legacy=True)
    assert np.array_equal(after, seeded)
    assert not np.array_equal(before, seeded)
    assert torch.equal(torch.get_rng_state(), torch.Generator().manual_seed(1).get_state())
    torch.set_rng_state(before_torch)


def test_tensors_are_the_painted_arrays() -> None:
    for tensor, array in zip(make_scenes(3, 5), make_pairs(3, 5), strict=True):
        assert tensor.dtype == torch.float32
        np.testing.assert_array_equal(tensor.numpy(), array)


def test_a_task_has_the_shape_of_its_network() -> None:
    task = Task.of(ModelConfig(image_size=(16, 24), channels=3), DataConfig())
    assert make_pairs(2, task=task)[0].shape == (2, 3, 16, 24)
