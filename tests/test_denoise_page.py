"""The client on the page about denoising works: alone here, and with a server in `tests/tracking/test_registry.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ablate.images.tiles import map_tiles
from tests.helpers.client import page_client


@pytest.mark.parametrize("size", [(64, 64), (65, 64), (100, 130), (200, 90)])
def test_the_client_tiles_a_picture_as_ablate_denoise_does(size: tuple[int, int]) -> None:
    names = page_client()
    picture = np.random.default_rng(0).random(size, np.float32)
    blur = np.hanning(64)[:, None]

    def network(tiles: Any) -> Any:
        return 0.5 * np.asarray(tiles, np.float32) + 0.1 * blur.astype(np.float32)

    names["ask"] = lambda tiles: tiles
    assert np.allclose(names["denoise"](picture), picture, atol=1e-12)
    names["ask"] = network
    found, expected = names["denoise"](picture), picture + map_tiles(network, picture[None], (64, 64), 8)[0]
    if min(size) > 64:
        assert np.allclose(found, expected, atol=1e-6)


def test_the_client_is_ten_lines() -> None:
    from tests.helpers.client import client_source

    assert len(client_source().split("def denoise")[1].splitlines()) <= 12
