"""Two recordings of one run: the same bits, what processors do, or another result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.pipeline.repeats import FIRST, FIRST_LOSS, PSNR, ROUNDING, SCORE, Recording, compare
from ablate.records.record import Record
from ablate.studies.planning import Design

OLD = Recording(
    status="finished",
    losses={FIRST: 0.03, "val/psnr of epoch 1": 20.0, "train/loss of epoch 2": 0.01},
    scores={PSNR: 24.0, "test/ssim": 0.8, "best/epoch": 2},
    facts={"nothing/mse": 0.007, "cost/parameters": 171317},
    weights=b"weights",
)
ELSEWHERE = replace(
    OLD,
    losses={FIRST: 0.03001, "val/psnr of epoch 1": 20.1, "train/loss of epoch 2": 0.0104},
    scores={PSNR: 24.3, "test/ssim": 0.81, "best/epoch": 1},
    weights=b"other weights",
)
"""The same run on another processor."""


def fails(_: bytes) -> Mapping[str, float]:
    raise AssertionError("nothing had to be scored")


def test_the_same_bits_are_those_of_weights_scores_and_losses() -> None:
    assert compare(OLD, OLD, fails) == ("same bits", "weights, scores and losses")
    adopted = replace(OLD, weights=None)
    assert compare(adopted, OLD, fails) == ("same bits", "scores and losses; no weights")


def test_a_score_that_the_older_version_did_not_have_is_not_a_difference() -> None:
    new = replace(OLD, scores={**OLD.scores, "test/mae": 0.1}, losses={**OLD.losses, "val/mae of epoch 1": 0.1})
    assert compare(OLD, new, fails).outcome == "same bits"


def test_a_processor_may_change_what_training_amplifies() -> None:
    found = compare(OLD, ELSEWHERE, lambda _: OLD.scores)
    assert found.outcome == "within tolerance"
    assert found.reason == (
        "train/loss of epoch 1 was 0.03 and is 0.03001, a difference of 0.033%; "
        "test/psnr was 24 and is 24.3, a difference of 0.3 dB"
    )
    assert compare(replace(OLD, weights=None), ELSEWHERE, fails).outcome == "within tolerance"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "diverged"}, "it was finished and is diverged"),
        (
            {"facts": {**OLD.facts, "nothing/mse": 0.0071}},
            "other images, or another network: nothing/mse was 0.007 and",
        ),
        ({"facts": {**OLD.facts, "cost/parameters": 171318}}, "other images, or another network: cost/parameters was"),
        (
            {"losses": {**OLD.losses, FIRST: 0.03 * (1 + 2 * FIRST_LOSS)}},
            "train/loss of epoch 1 was 0.03 and is 0.033",
        ),
    ],
    ids=["status", "images", "network", "first loss"],
)
def test_on_another_processor_the_first_loss_and_what_training_does_not_change_are_compared(
    changes: dict[str, Any], reason: str
) -> None:
    found = compare(OLD, replace(ELSEWHERE, **changes), lambda _: OLD.scores)
    assert found.outcome == "another result"
    assert found.reason.startswith(reason)


def test_on_another_processor_the_recorded_weights_must_have_their_scores() -> None:
    found = compare(OLD, ELSEWHERE, lambda _: {PSNR: 24.01, "test/ssim": 0.8})
    assert found.outcome == "another result"
    assert found.reason.startswith("not the scores of the recorded weights, of which test/psnr was 24 and is 24.01")


def test_without_weights_the_score_itself_must_not_be_too_far() -> None:
    adopted = replace(OLD, weights=None)
    far = replace(ELSEWHERE, scores={**ELSEWHERE.scores, PSNR: 24 + 1.1 * SCORE})
    assert compare(adopted, far, fails).outcome == "another result"


NUMBERS = [(part, name) for part in ("losses", "scores", "facts") for name in getattr(OLD, part)]


@settings(deadline=None)
@given(
    st.sampled_from(NUMBERS),
    st.floats(2 * ROUNDING, 10) | st.floats(-10, -2 * ROUNDING),
    st.sampled_from([b"weights", None]),
)
def test_on_the_same_processor_no_number_can_differ(place: tuple[str, str], change: float, weights: bytes) -> None:
    part, name = place
    numbers = getattr(OLD, part)
    tampered = replace(OLD, weights=weights, **{part: numbers | {name: numbers[name] * (1 + change)}})
    found = compare(tampered, OLD, fails)
    assert found.outcome == "another result"
    assert name in found.reason


def test_what_is_read_of_a_record_is_its_numbers_without_times(swept_copy: tuple[Record, Design]) -> None:
    record, study = swept_copy
    run = study.runs[0].id
    found = Recording.read(record, run)
    assert found
    names = {*found.losses, *found.scores, *found.facts}
    assert not [name for name in names if name.startswith(("time", "env")) or "seconds" in name]
    assert {FIRST, PSNR, "val/psnr of epoch 2", "nothing/psnr", "cost/flops"} <= names
    assert found.weights == record.weights(run)
    assert Recording.read(record, "0" * 16) is None
