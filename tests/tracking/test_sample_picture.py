"""The picture of a run's outputs."""

import numpy as np
import pytest

from ablate.tracking.sample_picture import GAP, LABEL_WIDTH, MIN_SIDE, ROWS, TITLE_HEIGHT, sample_picture

RNG = np.random.default_rng(0)
SIDE = 48
SCENES = {kind: RNG.random((8, 3, SIDE, SIDE)).astype(np.float16) for kind in ROWS[:3]}


def panel(row: str, column: int, scenes: dict[str, np.ndarray] = SCENES) -> np.ndarray:
    """One image of the picture at its own resolution, (H, W, 3)."""
    factor = MIN_SIDE // SIDE
    top = TITLE_HEIGHT + ROWS.index(row) * (MIN_SIDE + GAP)
    left = LABEL_WIDTH + column * (MIN_SIDE + GAP)
    return np.asarray(sample_picture(scenes))[top : top + MIN_SIDE : factor, left : left + MIN_SIDE : factor]


@pytest.mark.parametrize("row", ROWS[:3])
def test_each_panel_shows_its_own_image_in_grey(row: str) -> None:
    expected = 255 * SCENES[row][2].astype(np.float32).mean(axis=0)
    for channel in range(3):
        np.testing.assert_allclose(panel(row, 2)[..., channel], expected, atol=0.51)


@pytest.mark.parametrize(
    ("error", "colour"),
    [(0.0, (255, 255, 255)), (0.5, (255, 0, 0)), (-0.5, (0, 0, 255)), (0.25, (255, 128, 128)), (2.0, (255, 0, 0))],
)
def test_errors_are_red_where_too_bright_and_blue_where_too_dark(error: float, colour: tuple[int, ...]) -> None:
    clean = np.full((1, 1, SIDE, SIDE), 0.25)
    scenes = {"noisy": clean, "clean": clean, "denoised": clean + error}
    assert tuple(panel("error", 0, scenes)[3, 5]) == colour


def test_no_more_scenes_are_shown_than_there_are() -> None:
    few, many = (sample_picture({name: x[:count] for name, x in SCENES.items()}) for count in (2, 8))
    assert few.width == LABEL_WIDTH + 2 * (MIN_SIDE + GAP) - GAP
    assert many.width == LABEL_WIDTH + 6 * (MIN_SIDE + GAP) - GAP
