"""Scores that recorded runs lack, computed from their weights, without training.

`test/...` comes from the best epoch's weights and the baselines from the scenes. `last/...` is available only where the
last epoch was the best, since only the best epoch's weights are kept, and `val/...` never. What cannot be computed is
reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.metrics import METRICS, Metric
from ablate.pipeline.terminal import Terminal
from ablate.records.models import Result
from ablate.records.record import Record
from ablate.settings import Run
from ablate.studies.planning import Design


@dataclass(frozen=True)
class Unscored:
    """A finished run without the study's metric, and why it cannot be computed."""

    run: Run
    reason: str


def score_recorded(design: Design, record: Record, device: str, terminal: Terminal) -> list[Unscored]:
    """Score the runs of a study that lack its metric; returns those that still lack it."""
    metric = design.metric
    lacking = [run for run in design.runs if (result := record.result(run.id)) and not result.has_score(metric)]
    if not lacking:
        return []
    terminal.say(f"{len(lacking)} recorded runs lack {metric.name}: computing it, without training.")
    for run in lacking:
        _score(run, record, device)
    left = [(run, result) for run in lacking if (result := record.result(run.id)) and not result.has_score(metric)]
    return [Unscored(run, _reason(metric, result, record.weights(run.id))) for run, result in left]


def discard(unscored: Sequence[Unscored], record: Record) -> None:
    """Set aside what is recorded of runs that cannot be scored, so they are trained again."""
    for item in unscored:
        record.invalidate(item.run, item.reason)


def score_weights(run: Run, weights: bytes | None, device: str) -> dict[str, float]:
    """The scores of the baselines of a run, and of its weights if they are given, as they are computed in training."""
    from ablate.executors.worker import one_thread
    from ablate.training.rescoring import rescore

    with one_thread():
        return rescore(run, weights, device)


def _score(run: Run, record: Record, device: str) -> None:
    result = record.result(run.id)
    assert result is not None
    found = score_weights(run, record.weights(run.id), device)
    if _best_is_last(run, result):
        found |= {METRICS[name].at("last").name: value for name, value in found.items() if METRICS[name].kind == "test"}
    record.add_scores(run.id, found)


def _best_is_last(run: Run, result: Result) -> bool:
    return result.results.get("best/epoch") == run.training.epochs


def _reason(metric: Metric, result: Result, weights: bytes | None) -> str:
    if result.has_only_scores:
        return f"without {metric.name}; adopted from {result.adopted}, without weights to compute it"
    if not weights:
        return f"without {metric.name}; its weights are gone"
    return f"without {metric.name}; only the weights of its best epoch are kept, and that was not its last"
