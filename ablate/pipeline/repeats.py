"""Whether a run that was trained again is the run that was recorded.

On the same processor, with the same versions, it has the same bits. On another processor sums are rounded differently,
and training amplifies that from step to step (`benchmarks/processors.md`): the loss of the first epoch is still nearly
the same, the score at the end need not be. The recorded weights, where there are any, still have their scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ablate.metrics import METRICS
from ablate.records.record import Record
from ablate.reporting.markup.words import join_words
from ablate.reporting.study.verified import REFUTED, Outcome

Numbers = Mapping[str, float]

ROUNDING = 1e-4
"""By how much numbers that are computed from the same images and weights may differ, in dB or relative to them."""

FIRST_LOSS = 0.05
"""By how much the loss of the first epoch may differ between processors, relative to it."""

SCORE = 3.0
"""By how many dB the PSNR of a run may differ between processors, at the end of its training."""

SCORED = ("test", "last", "best", "diverged")
"""The kinds of results that training decides."""

OF_EPOCH = " of epoch "
FIRST, PSNR = f"train/loss{OF_EPOCH}1", "test/psnr"


@dataclass(frozen=True)
class Recording:
    """What a record has of a run that has ended.

    Attributes:
        status: how it ended.
        losses: the losses and the scores of its epochs, by name and epoch.
        scores: its scores, by name.
        facts: what training does not change, by name: the scores of the baselines, and the size of the network.
        weights: as safetensors; None if there are none.
    """

    status: str
    losses: Numbers
    scores: Numbers
    facts: Numbers
    weights: bytes | None

    @classmethod
    def read(cls, record: Record, run_id: str) -> Recording | None:
        """Read a run; None if it has no result."""
        if (result := record.result(run_id)) is None:
            return None
        kinds = {name: name.partition("/")[0] for name in result.results if name != "cost/train_seconds"}
        return cls(
            status=result.status,
            losses=dict(_losses(record, run_id)),
            scores={name: result.results[name] for name, kind in kinds.items() if kind in SCORED},
            facts={name: result.results[name] for name, kind in kinds.items() if kind not in SCORED},
            weights=record.weights(run_id),
        )


def _losses(record: Record, run_id: str) -> Iterator[tuple[str, float]]:
    for row in record.epochs(run_id):
        trained = (name for name in row if name.startswith(("train/", "val/")))
        yield from ((f"{name}{OF_EPOCH}{row['epoch']}", row[name]) for name in trained)


class Difference(NamedTuple):
    """By how much a number differs, in its unit (`_unit`)."""

    size: float
    name: str
    recorded: float
    now: float

    def __str__(self) -> str:
        unit = _unit(self.name)
        size = f"{100 * self.size:.2g}%" if unit == "%" else f"{self.size:.2g}{unit}"
        return f"{self.name} was {self.recorded:.6g} and is {self.now:.6g}, a difference of {size}"


def _unit(name: str) -> str:
    """Of a difference: dB, nothing for what is counted, and else `%`, relative to the larger of the two numbers."""
    metric = METRICS.get(name.partition(OF_EPOCH)[0])
    if metric and metric.unit == "dB":
        return " dB"
    return "" if metric and metric.kind == "cost" else "%"


def _difference(name: str, recorded: Numbers, now: Numbers) -> Difference:
    old, new = recorded.get(name, math.nan), now.get(name, math.nan)
    unit = max(abs(old), abs(new)) if _unit(name) == "%" else 1.0
    return Difference(0.0 if old == new else abs(old - new) / unit, name, old, new)


def _largest(recorded: Numbers, now: Numbers) -> Difference:
    """The largest difference between numbers that both have; an older version may not have had all of them."""
    found = [_difference(name, recorded, now) for name in recorded if name in now]
    return max(found, default=Difference(0.0, "", math.nan, math.nan))


class Repeat(NamedTuple):
    """The outcome of training a run again, and what it is based on."""

    outcome: Outcome
    reason: str


def compare(old: Recording, new: Recording, rescore: Callable[[bytes], Numbers]) -> Repeat:
    """Compare a recorded run with the same run, trained again.

    Args:
        old: as it was recorded.
        new: as it was trained again.
        rescore: computes the scores of weights. It is called with the recorded ones if the new ones differ.
    """
    if fault := next(_faults(old, new, rescore), ""):
        return Repeat(REFUTED, fault)
    losses, scores = _largest(old.losses, new.losses), _largest(old.scores, new.scores)
    if losses.size == scores.size == 0 and old.weights in (None, new.weights):
        return Repeat("same bits", "weights, scores and losses" if old.weights else "scores and losses; no weights")
    differences = [_difference(FIRST, old.losses, new.losses), _difference(PSNR, old.scores, new.scores)]
    return Repeat("within tolerance", "; ".join(str(it) for it in differences if not math.isnan(it.size)))


def _faults(old: Recording, new: Recording, rescore: Callable[[bytes], Numbers]) -> Iterator[str]:
    """Why the recorded run is another one than the new one, the plainest reason first."""
    if old.status != new.status:
        yield f"it was {old.status} and is {new.status}"
    if (facts := _largest(old.facts, new.facts)).size > ROUNDING:
        yield f"other images, or another network: {facts}"
    losses, scores = _largest(old.losses, new.losses), _largest(old.scores, new.scores)
    parts = {"weights": old.weights == new.weights, "scores": not scores.size, "losses": not losses.size}
    equal = [name for name, is_equal in parts.items() if is_equal]
    if equal and (worst := max(losses, scores)).size > ROUNDING:  # so it was trained on such a processor
        yield f"the {join_words(equal)} have the same bits, but {worst}"
    if (first := _difference(FIRST, old.losses, new.losses)).size > FIRST_LOSS:
        yield str(first)
    if old.weights and old.weights != new.weights:
        if (rescored := _largest(old.scores, rescore(old.weights))).size > ROUNDING:
            yield f"not the scores of the recorded weights, of which {rescored}"
    elif (score := _difference(PSNR, old.scores, new.scores)).size > SCORE:
        yield str(score)
