"""Pictures of any size are covered by tiles that leave no trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ablate.data.sources import make_pairs
from ablate.data.task import Task
from ablate.images import tiles
from ablate.images.tiles import map_tiles, plan_tiles
from tests.helpers.tiny import tiny_run

Pixels = NDArray[np.float32]
SIDES = st.integers(1, 70)
TILES = st.sampled_from([(8, 8), (8, 16), (9, 9), (16, 16), (24, 16)])


def random_picture(height: int, width: int, channels: int = 1) -> Pixels:
    return np.random.default_rng(0).normal(0, 1, (channels, height, width)).astype(np.float32)


@given(height=SIDES, width=SIDES, tile=TILES, patch=st.sampled_from([1, 2, 8, 16]))
@settings(max_examples=60, deadline=None)
def test_a_function_that_changes_nothing_adds_exactly_nothing(
    height: int, width: int, tile: tuple[int, int], patch: int
) -> None:
    assert not map_tiles(lambda batch: batch, random_picture(height, width, 2), tile, patch).any()


@given(height=SIDES, width=SIDES, tile=TILES, patch=st.sampled_from([1, 2, 8, 16]))
@settings(max_examples=60, deadline=None)
def test_what_depends_on_single_pixels_is_the_same_with_and_without_tiles(
    height: int, width: int, tile: tuple[int, int], patch: int
) -> None:
    """So every pixel is covered, is where it was, and the weights of its tiles add up to 1."""
    picture = random_picture(height, width)
    added = map_tiles(lambda batch: batch**2 + 1, picture, tile, patch)
    assert np.allclose(added, picture**2 + 1 - picture, atol=1e-5)


def test_a_picture_of_the_size_of_a_tile_is_one_tile() -> None:
    picture = random_picture(16, 24)
    seen: list[Pixels] = []

    def blur(batch: Pixels) -> Pixels:
        seen.append(batch)
        return np.cumsum(batch, axis=-1, dtype=np.float32)

    added = map_tiles(blur, picture, (16, 24), 8)
    assert [batch.shape for batch in seen] == [(1, 1, 16, 24)]
    assert np.allclose(picture + added, np.cumsum(picture, axis=-1), atol=1e-6)


def test_borders_are_continued_by_reflection() -> None:
    picture = random_picture(5, 8)
    seen: list[Pixels] = []
    map_tiles(lambda batch: seen.append(batch) or batch, picture, (9, 8))  # type: ignore[func-returns-value]
    assert np.array_equal(seen[0][0, 0], np.pad(picture[0], ((2, 2), (0, 0)), mode="reflect"))


def test_tiles_overlap_by_half_and_are_moved_within_a_patch() -> None:
    offsets = plan_tiles((100, 64), (64, 64), patch=8)
    assert set(offsets[:, 1]) == {0}
    assert len(offsets) == 5
    assert all(0 <= row - 32 * index < 8 for index, row in enumerate(offsets[:, 0]))
    assert np.array_equal(offsets, plan_tiles((100, 64), (64, 64), patch=8))


# the spectrum of output minus clean, along both axes


def spectrum(errors: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The mean power at each frequency along an axis of what does not change along the other."""
    lines = [line - line.mean() for error in errors for line in (error.mean(axis=0), error.mean(axis=1))]
    power: NDArray[np.float64] = np.mean([np.abs(np.fft.rfft(line)) ** 2 for line in lines], axis=0)
    return power


def excesses(power: NDArray[np.float64], length: int, pitch: int) -> Iterator[float]:
    """At the pitch and its harmonics, how many standard deviations of its neighbours the power is above their mean."""
    for harmonic in range(1, pitch // 2):
        at = harmonic * length // pitch
        near = np.r_[power[max(1, at - 8) : at - 1], power[at + 2 : at + 9]]
        yield float((power[at] - near.mean()) / near.std())


def worst_excess(predict: Callable[[Pixels], Pixels], side: int, patch: int, pictures: int, length: int) -> float:
    noisy, clean = make_pairs(pictures, split="test", task=Task(image_size=(length, length)))
    outputs = [one + map_tiles(predict, one, (side, side), patch) for one in noisy]
    errors = [(output - one)[0] for output, one in zip(outputs, clean, strict=True)]
    return max(excesses(spectrum(errors), length, side // 2))


def flawed(side: int, patch: int) -> Callable[[Pixels], Pixels]:
    """A denoiser that errs as networks do: more at the edges of its tile, and with the period of its patches."""
    place = np.arange(side)
    edge = ((place - (side - 1) / 2) / side) ** 2
    lattice = 0.03 * np.cos(2 * np.pi * place / patch) + 0.02 * np.cos(4 * np.pi * place / patch)
    bias = (0.2 * np.add.outer(edge, edge) + np.add.outer(lattice, lattice)).astype(np.float32)
    return lambda batch: np.asarray(0.5 * batch + bias, np.float32)


def test_the_pitch_of_the_tiles_is_not_in_the_output_of_a_flawed_denoiser() -> None:
    assert worst_excess(flawed(32, 8), 32, 8, pictures=12, length=256) < 4


def test_on_a_regular_grid_the_pitch_is_in_the_output() -> None:
    """The test above can fail: without moving the tiles, the same errors add up."""
    assert worst_excess(flawed(32, 8), 32, 1, pictures=12, length=256) > 50


@pytest.mark.slow
def test_the_pitch_of_the_tiles_is_not_in_the_output_of_a_trained_network() -> None:
    """It was trained as the notebook does: its errors repeat with its patches far more than those of the default."""
    from ablate.pipeline.denoise import predictor

    run = tiny_run(
        model__image_size=[32, 32],
        model__width=32,
        model__decoder="transposed",
        training__epochs=6,
        training__scenes=512,
        training__rate=0.003,
        model__head_init="torch",
        training__statistics="running",
    )
    model = trained(run)
    predict = predictor(model)
    assert worst_excess(predict, 32, 8, pictures=12, length=256) < 4
    assert worst_excess(predict, 32, 1, pictures=12, length=256) > 50


def trained(run: Any) -> Any:
    import safetensors.torch

    from ablate.denoiser import build_denoiser
    from ablate.training.events import Ended
    from ablate.training.loop import train

    *_, end = train(run)
    assert isinstance(end, Ended)
    model = build_denoiser(run.model)
    model.load_state_dict(safetensors.torch.load(end.weights))
    return model.eval()


def test_no_more_tiles_than_a_batch_are_in_memory_at_a_time() -> None:
    sizes: list[int] = []
    map_tiles(lambda batch: sizes.append(len(batch)) or batch, random_picture(200, 200), (16, 16), 8)  # type: ignore[func-returns-value]
    assert max(sizes) == tiles.BATCH
    assert sum(sizes) == len(plan_tiles((200, 200), (16, 16), 8))
