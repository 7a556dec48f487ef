"""The scores by which a run is judged: those that it has, unless it diverged, and whether it has learned nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ablate.metrics import METRICS, STUDY_METRICS


def has_learned_nothing(results: Mapping[str, float], kind: str = "test") -> bool:
    """Whether a run's own score, of its `test` or `last` weights, is below that of a constant prediction (`zero/psnr`).

    >>> has_learned_nothing({"test/psnr": 16.2, "zero/psnr": 17.3}), has_learned_nothing({"zero/psnr": 17.3})
    (True, False)
    """
    return results.get(f"{kind}/psnr", math.inf) < results.get("zero/psnr", -math.inf)


def replace_diverged_scores(status: str, results: dict[str, float]) -> dict[str, float]:
    """Replace the scores of a diverged run by those of the constant prediction; others are unchanged.

    `test/mse_sem` is dropped with them, since it belongs to the score that was replaced.

    >>> found = replace_diverged_scores("diverged", {"test/psnr": 14.4, "zero/psnr": 18.4})
    >>> found["test/psnr"], found["test/mse_sem"]
    (18.4, nan)
    """
    if status != "diverged":
        return results
    zero = {name: results.get(METRICS[name].at("zero").name, math.nan) for name in STUDY_METRICS}
    return results | zero | {"test/mse_sem": math.nan}
