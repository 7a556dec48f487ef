"""Searches of tiny networks, and made-up outcomes that replace their training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from ablate.settings import Run
from ablate.strategies import Outcome
from ablate.strategies.search import Searching
from ablate.studies.search import Search
from tests.helpers.tiny import TINY

SPACE: dict[str, Any] = {
    "training.rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "model.heads": {"low": 1, "high": 4},
    "model.skip": ["both", "none"],
}
"""Three heads do not divide a width of 8, so one trial in four fails."""

BASE = {name: value for name, value in TINY.items() if name not in SPACE} | {"training.epochs": 4}

TINY_SEARCH = """\
question: Which settings suit a tiny network?
base:
{base}
space:
  training.rate: {{low: 1e-3, high: 1e-1, log: true}}
  model.skip: [both, none]
trials: 6
pruner: halving
parallel: 2
"""


def made_up_search(**changes: Any) -> Search:
    """A search whose space has one best rate and one best number of heads (see `scores`)."""
    facts = {"name": "made-up", "question": "Which?", "base": BASE, "space": SPACE, "trials": 12, "pruner": "median"}
    return Search.model_validate(facts | changes)


def write_tiny_search(folder: Path, name: str = "tiny.yaml", **replace: str) -> Path:
    """Write a search file with six short trials; keywords replace lines by their key."""
    text = TINY_SEARCH.format(
        base="\n".join(f"  {key}: {value}" for key, value in TINY.items() if key != "training.rate")
    )
    for key, value in replace.items():
        text = "\n".join(f"{key}: {value}" if line.startswith(f"{key}:") else line for line in text.splitlines()) + "\n"
    path = folder / name
    path.write_text(text)
    return path


def scores(run: Run) -> list[float]:
    """The PSNR of each epoch of a run, as if it had been trained: best at a rate of 0.01 with two heads."""
    loss = abs(math.log10(run.training.rate) + 2) + 0.3 * abs(run.model.heads - 2) + 0.1 * (run.model.skip == "none")
    return [30 - 3 * loss - 4 / epoch for epoch in range(1, run.training.epochs + 1)]


def outcome_of(run: Run, epochs: int, score: Callable[[Run], list[float]] = scores) -> Outcome:
    """What the record would have of a run after this number of epochs."""
    rows = [{"epoch": float(epoch), "val/psnr": value} for epoch, value in enumerate(score(run)[:epochs], 1)]
    return Outcome("finished" if epochs == run.training.epochs else "unfinished", rows)


def facts(finished: list[FrozenTrial]) -> list[tuple[str, Mapping[str, Any], Mapping[int, float]]]:
    """Everything about these trials except their times."""
    return [(trial.state.name, trial.params, trial.intermediate_values) for trial in finished]


def run_to_its_end(strategy: Searching, next_one: Callable[[int], int] = lambda count: 0) -> list[FrozenTrial]:
    """Continue one of the proposed runs by an epoch, again and again; `next_one` chooses it, given their number."""
    outcomes: dict[str, Outcome] = {}
    while open_runs := [run for run in strategy.propose(outcomes) if len(reached(outcomes, run)) < run.training.epochs]:
        run = open_runs[next_one(len(open_runs))]
        outcomes[run.id] = outcome_of(run, len(reached(outcomes, run)) + 1)
    return strategy.finished


def reached(outcomes: Mapping[str, Outcome], run: Run) -> list[Any]:
    return list(outcomes[run.id].epochs) if run.id in outcomes else []
