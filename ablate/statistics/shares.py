"""How much of the variance of the scores of a grid each axis explains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ablate.statistics.interactions import GridScores

MIN_SEEDS = 3
"""Fewer complete seeds give no shares, because the uncertainty of the shares could not be estimated."""

Term = tuple[int, ...]
"""The axes of the scores of which a term is the effect, or the interaction; axis 0 are the seeds."""


@dataclass(frozen=True)
class Share:
    """The share of the variance of the scores that a term explains: omega squared, at least 0.

    No p value is given: at 5%, the F test is wrong in up to 12.6% of simulated grids with one noisy cell. With three
    seeds the share of an axis that does nothing is 10.9% on average, since none is below 0 (`benchmarks/shares.md`).

    Attributes:
        term: the name of an axis, `("seed",)`, or the names of the axes of an interaction.
        omega_squared: the share. What all shares leave of 1 is unexplained.
        error: its standard error over the seeds, by leaving out one at a time (jackknife).
    """

    term: tuple[str, ...]
    omega_squared: float
    error: float


def shares(grid: GridScores) -> list[Share]:
    """The shares of the axes, of the seeds (as blocks) and of all interactions, in this order.

    Only seeds without a missing run are used. With fewer than `MIN_SEEDS` of them, no shares are returned.

    omega squared = (SS - df MS_noise) / (SS_total + MS_rest), from the sums of squares of the full factorial model in
    which the seeds are blocks. What the axes do differently for each seed is the rest; the noise of a term is its own
    part of that, its interaction with the seeds (Olejnik and Algina 2003, for repeated measures).
    """
    # a balanced table: only then is the effect of a term the mean of its cells without the effects of smaller terms,
    # and do the sums of squares add up
    scores = grid.scores[~np.isnan(grid.scores).any(axis=tuple(range(1, grid.scores.ndim)))]
    count = len(scores)
    if count < MIN_SEEDS:
        return []
    found = _omega_squared(scores)
    without = [_omega_squared(np.delete(scores, seed, axis=0)) for seed in range(count)]
    names = ("seed", *grid.axes)
    unsorted = [
        Share(
            tuple(names[axis] for axis in term),
            value,
            (count - 1) / math.sqrt(count) * float(np.std([one[term] for one in without], ddof=1)),
        )
        for term, value in found.items()
    ]
    return sorted(unsorted, key=lambda share: (len(share.term), share.term == ("seed",)))


def _omega_squared(scores: NDArray[np.floating]) -> dict[Term, float]:
    """Omega squared of each term, from scores (seeds, *levels) of at least two seeds and without NaN."""
    axes = range(1, scores.ndim)
    terms: list[Term] = [(0,), *(term for size in axes for term in combinations(axes, size))]
    if not np.ptp(scores) > 1e-12 * np.abs(scores).max():  # nothing but rounding varies
        return dict.fromkeys(terms, 0.0)
    squares = {term: _sum_of_squares(scores, term) for term in terms}
    df = {term: math.prod(scores.shape[axis] - 1 for axis in term) for term in terms}
    total = float(np.square(scores - scores.mean()).sum())
    rest = max(total - sum(squares.values()), 0.0) / (scores.size - 1 - sum(df.values()))
    # subtract what noise alone contributes to a term on average; eta squared does not, so it is above 0 for every axis.
    # Not `df * rest` for every term: an axis whose effect depends on the seed has more noise than others, and its share
    # would be far too large with few seeds. A term that explains less than noise does would have a negative share
    noise = {term: df[term] * rest if 0 in term else _sum_of_squares(scores, (0, *term)) for term in terms}
    seeds = len(scores)
    return {
        term: max(squares[term] - noise[term] / (1 if 0 in term else seeds - 1), 0.0) / (total + rest) for term in terms
    }


def _sum_of_squares(scores: NDArray[np.floating], term: Term) -> float:
    """The sum of squares of a term, over all scores."""
    others = tuple(axis for axis in range(scores.ndim) if axis not in term)
    effects: NDArray[np.floating] = scores.mean(axis=others, keepdims=True)
    for axis in term:
        effects = effects - effects.mean(axis=axis, keepdims=True)
    return float(np.square(effects).sum()) * scores.size / effects.size
