"""The table of metrics: names, directions, and which of them can decide a study."""

import subprocess
import sys

import pytest

from ablate.metrics import EPOCH_METRICS, JUDGED, METRICS, RESULT_METRICS


def test_no_two_metrics_share_a_name() -> None:
    assert len(METRICS) == len(EPOCH_METRICS) + len(RESULT_METRICS)


@pytest.mark.parametrize("kind", ["test", "last"])
def test_the_judged_scores_exist_for_the_best_and_for_the_last_epoch(kind: str) -> None:
    assert {name for name in JUDGED if name.startswith(kind)} == {
        f"{kind}/{s}" for s in ("mse", "psnr", "ssim", "gain")
    }


def test_only_test_scores_of_the_network_can_decide_a_study() -> None:
    assert {name.split("/")[0] for name in JUDGED} == {"test", "last"}


def test_only_the_gain_compares_different_tasks() -> None:
    assert {name for name, metric in METRICS.items() if metric.relative} == {"test/gain", "last/gain"}


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("test/psnr", 1),
        ("test/ssim", 1),
        ("test/gain", 1),
        ("test/mse", -1),
        ("val/mse", -1),
        ("train/loss", -1),
        ("time/seconds", -1),
        ("time/images_per_second", 1),
        ("cost/flops", -1),
    ],
)
def test_the_sign_turns_a_metric_so_that_up_is_good(name: str, sign: int) -> None:
    assert METRICS[name].sign == sign


@pytest.mark.parametrize("name", [name for name in METRICS if name.split("/")[1] in ("mse", "psnr", "ssim", "gain")])
def test_a_score_has_one_direction_and_unit_wherever_it_is_taken(name: str) -> None:
    score = METRICS[f"test/{name.split('/')[1]}"]
    assert (METRICS[name].higher_is_better, METRICS[name].unit) == (score.higher_is_better, score.unit)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_described(name: str) -> None:
    assert METRICS[name].description


def test_the_table_of_metrics_needs_no_torch() -> None:
    program = "import sys, ablate.metrics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
