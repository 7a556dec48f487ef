"""The table of metrics: names, directions, and which of them can decide a study."""

import subprocess
import sys

import pytest

from ablate.metrics import EPOCH_METRICS, METRICS, RESULT_METRICS, SCORES, SEARCH_METRICS, STUDY_METRICS, Metric

BEST = "on the test scenes, weights of the epoch with the lowest validation MSE"
LAST = "on the test scenes, weights of the last epoch"
NOTHING = "on the test scenes, of the input itself: doing nothing"
ZERO = "on the test scenes, of predicting zero everywhere (pictures: the mean of the training pictures)"

GOLDEN = [
    ("train/loss", "", False, 4, "training loss, mean over the epoch's batches"),
    ("val/mse", "", False, 5, "mean squared error on the validation scenes"),
    ("val/psnr", "dB", True, 2, "PSNR of the pooled MSE on the validation scenes"),
    ("val/ssim", "", True, 4, "structural similarity on the validation scenes"),
    ("time/seconds", "s", False, 0, "seconds of the epoch's training steps and of precise statistics"),
    ("time/images_per_second", "images/s", True, 0, "training scenes per second, making them included"),
    (
        "test/mse",
        "",
        False,
        5,
        f"mean squared error {BEST}",
    ),
    (
        "test/psnr",
        "dB",
        True,
        2,
        f"PSNR of the pooled MSE {BEST}",
    ),
    (
        "test/ssim",
        "",
        True,
        4,
        f"structural similarity {BEST}",
    ),
    (
        "test/gain",
        "dB",
        True,
        2,
        f"PSNR minus that of doing nothing {BEST}",
    ),
    ("last/mse", "", False, 5, f"mean squared error {LAST}"),
    ("last/psnr", "dB", True, 2, f"PSNR of the pooled MSE {LAST}"),
    ("last/ssim", "", True, 4, f"structural similarity {LAST}"),
    ("last/gain", "dB", True, 2, f"PSNR minus that of doing nothing {LAST}"),
    ("nothing/mse", "", False, 5, f"mean squared error {NOTHING}"),
    ("nothing/psnr", "dB", True, 2, f"PSNR of the pooled MSE {NOTHING}"),
    ("nothing/ssim", "", True, 4, f"structural similarity {NOTHING}"),
    (
        "nothing/gain",
        "dB",
        True,
        2,
        f"PSNR minus that of doing nothing {NOTHING}",
    ),
    ("zero/mse", "", False, 5, f"mean squared error {ZERO}"),
    ("zero/psnr", "dB", True, 2, f"PSNR of the pooled MSE {ZERO}"),
    ("zero/ssim", "", True, 4, f"structural similarity {ZERO}"),
    ("zero/gain", "dB", True, 2, f"PSNR minus that of doing nothing {ZERO}"),
    ("test/mse_sem", "", False, 4, "standard error of test/mse over the test images"),
    ("best/epoch", "epoch", False, 0, "epoch with the lowest validation MSE, from 1"),
    ("diverged/epoch", "epoch", False, 0, "epoch whose loss was not finite, from 1; missing if all were"),
    ("cost/parameters", "", False, 4, "trainable parameters"),
    ("cost/flops", "", False, 4, "forward FLOPs per image, a multiply-add counted as two"),
    ("cost/train_seconds", "s", False, 0, "seconds of all training steps, evaluation not included"),
]

KINDS = ("test", "last", "nothing", "zero")
SCORED = [metric.name for metric in METRICS.values() if metric.score in SCORES]


def facts(metric: Metric) -> tuple[str, str, bool, int, str]:
    return metric.name, metric.unit, metric.higher_is_better, metric.digits, metric.description


def test_a_new_score_leaves_all_other_metrics_and_their_order_as_they_were() -> None:
    """What GOLDEN lists was published: recorded runs, tables and reports have it."""
    names = [name for name, *_ in GOLDEN]
    assert [facts(metric) for metric in METRICS.values() if metric.name in names] == GOLDEN


def test_no_two_metrics_share_a_name() -> None:
    assert len(METRICS) == len(EPOCH_METRICS) + len(RESULT_METRICS)


@pytest.mark.parametrize("kind", ["test", "last"])
def test_the_judged_scores_exist_for_the_best_and_for_the_last_epoch(kind: str) -> None:
    expected = [f"{kind}/{score.name}" for score in SCORES]
    assert [name for name in STUDY_METRICS if METRICS[name].kind == kind] == expected


def test_only_test_scores_of_the_network_can_decide_a_study() -> None:
    assert {METRICS[name].kind for name in STUDY_METRICS} == {"test", "last"}


def test_only_validation_scores_can_decide_a_search() -> None:
    assert {METRICS[name].kind for name in SEARCH_METRICS} == {"val"}


def test_only_the_gain_compares_different_tasks() -> None:
    assert {name for name, metric in METRICS.items() if metric.is_relative} == {"test/gain", "last/gain"}


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("test/psnr", 1),
        ("test/ssim", 1),
        ("test/gain", 1),
        ("test/mse", -1),
        ("test/mae", -1),
        ("val/mae", -1),
        ("val/mse", -1),
        ("train/loss", -1),
        ("time/seconds", -1),
        ("time/images_per_second", 1),
        ("cost/flops", -1),
    ],
)
def test_the_sign_turns_a_metric_so_that_up_is_good(name: str, sign: int) -> None:
    assert METRICS[name].sign == sign


@pytest.mark.parametrize("name", METRICS)
def test_a_name_is_a_kind_and_a_score(name: str) -> None:
    metric = METRICS[name]
    assert f"{metric.kind}/{metric.score.name}" == metric.name == name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SCORED)
def test_a_metric_at_another_kind_is_the_same_score_and_leads_back(name: str, kind: str) -> None:
    metric = METRICS[name]
    other = metric.at(kind)
    assert (other.name, other.score) == (f"{kind}/{metric.score.name}", metric.score)
    assert other is METRICS[other.name]
    assert metric.kind == "val" or other.at(metric.kind) is metric


@pytest.mark.parametrize("name", SCORED)
def test_the_gain_at_a_kind_is_in_decibels(name: str) -> None:
    if METRICS[name].kind != "val":
        assert METRICS[name].gain is METRICS[f"{METRICS[name].kind}/gain"]


@pytest.mark.parametrize("name", METRICS)
def test_the_validation_of_a_metric_is_the_same_score_or_none(name: str) -> None:
    found = METRICS[name].validation
    if found is None:
        assert METRICS[name].score.of_images is None, "it is not computed from images"
    else:
        assert (found.kind, found.score) == ("val", METRICS[name].score)
        assert found.validation is found


@pytest.mark.parametrize(("name", "kind"), [("test/gain", "val"), ("test/mse_sem", "last"), ("cost/flops", "test")])
def test_a_kind_that_does_not_have_a_score_is_an_error_that_names_those_that_do(name: str, kind: str) -> None:
    score, own = METRICS[name].score.name, METRICS[name].kind
    with pytest.raises(ValueError, match=f"unknown metric '{kind}/{score}'; allowed for {score}: {own}"):
        METRICS[name].at(kind)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_described(name: str) -> None:
    assert METRICS[name].description


def test_the_table_of_metrics_needs_no_torch() -> None:
    program = "import sys, ablate.metrics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
