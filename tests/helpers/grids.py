"""Scores of grids."""

from dataclasses import replace
from typing import Any

import numpy as np

from ablate.statistics.interactions import GridScores


def grid_of(scores: np.ndarray, **changes: Any) -> GridScores:
    """A grid with these scores (seeds, *levels); axes a, b, c and levels 0, 1, 2, the baselines."""
    sizes = scores.shape[1:]
    return replace(
        GridScores(
            axes=tuple("abc"[: len(sizes)]),
            levels=tuple(tuple(range(size)) for size in sizes),
            baseline=(0,) * len(sizes),
            scores=scores,
            bad=np.zeros(sizes, bool),
            sign=1,
        ),
        **changes,
    )


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)
