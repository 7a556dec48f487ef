"""The program behind the table of noise: each way scores as a run with that setting is scored."""

from typing import Any

import pandas as pd
import pytest

from ablate.training.loop import train
from benchmarks import noise
from tests.helpers.tiny import TINY

SHORT = {**TINY, "training.scenes": 256, "training.epochs": 2}
SETTINGS: dict[str, dict[str, Any]] = {
    "running": {},
    "precise": {"training.statistics": "precise"},
    "precise, averaged": {"training.statistics": "precise", "training.ema": noise.DECAY},
}


@pytest.fixture(scope="module")
def scored() -> dict[str, Any]:
    found: dict[str, Any] = noise.score_all_ways(noise.run_of("reference", 0, **SHORT))["ways"]
    return found


@pytest.mark.parametrize("way", SETTINGS)
def test_each_way_gives_the_scores_of_a_run_with_its_settings(way: str, scored: dict[str, Any]) -> None:
    end: Any
    *_, end = train(noise.run_of("reference", 0, **SHORT, **SETTINGS[way]))
    assert scored[way]["validation"] == pytest.approx([row["val/psnr"] for row in end.rows])
    found = (scored[way]["test"], scored[way]["last"])
    assert found == pytest.approx((end.results["test/psnr"], end.results["last/psnr"]))


def test_a_line_compares_the_seeds_that_an_arm_and_the_reference_share() -> None:
    scores = {"reference": [30.0, 29.0, 31.0], "heads=8": [30.5, 29.1]}
    runs = pd.DataFrame(
        {"way": "running", "arm": arm, "seed": seed, "test": score, "validation": [score] * 24, "hours": 0.5}
        for arm, values in scores.items()
        for seed, score in enumerate(values)
    )
    (reference, line) = noise.lines(runs)
    assert (reference.pairs, line.pairs) == (3, 2)
    assert reference.compared is None
    assert line.compared
    assert line.compared.difference == pytest.approx(0.3)
    assert line.compared.sd == pytest.approx(0.4 / 2**0.5)
    assert line.compared.per_hour == pytest.approx(1 / (2 * line.compared.seeds * 0.5))
