"""Is Optuna's TPE better than random search, on one small space of real training runs with the same budget?

    python -m benchmarks.search        # writes benchmarks/search.md: some minutes on two cores

Each repeat searches twice, by TPE and at random, on the same seed; the best settings of each are then trained on fresh
seeds, since the best of many trials looks better than it is. The repeat is the pair.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from ablate.executors.devices import slot_devices
from ablate.executors.local import LocalExecutor
from ablate.pipeline.sweep import sweep
from ablate.records.record import Record
from ablate.settings import Run
from ablate.strategies.fixed import Fixed
from ablate.strategies.search import Searching
from ablate.strategies.trials import STARTUP, run_of
from ablate.studies.search import Search

SPACE: dict[str, Any] = {
    "training.rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "training.batch": [4, 8, 16, 32],
    "training.schedule": ["constant", "cosine"],
    "model.mlp_ratio": {"low": 1, "high": 8},
    "model.position": ["learned", "sincos", "none"],
    "model.norm": ["pre", "post", "none"],
}
BASE: dict[str, Any] = {
    "model.image_size": [32, 32],
    "model.depth": 2,
    "model.width": 16,
    "model.heads": 2,
    "model.decoder": "linear",
    "training.epochs": 4,
    "training.scenes": 256,
    "data.validation": 64,
    "data.test": 256,
}
TRIALS, REPEATS, FRESH = 20, 5, 3
SAMPLERS = ("tpe", "random")
CONFIDENCE = 0.95
PAGE = Path(__file__).with_suffix(".md")


@dataclass(frozen=True)
class Outcome:
    """What one search found, in dB: the best validation PSNR after each trial, the mean test PSNR on fresh seeds."""

    sampler: str
    repeat: int
    course: list[float]
    fresh: float


def make_search(sampler: str, repeat: int, trials: int) -> Search:
    facts = {"name": f"{sampler}-{repeat}", "question": "Which?", "base": BASE, "space": SPACE, "trials": trials}
    return Search.model_validate(facts | {"sampler": sampler, "seed": repeat})


def measure(sampler: str, repeat: int, trials: int, record: Record) -> Outcome:
    """Search, and train the best settings on fresh seeds: seeds on which no repeat searches."""
    search = make_search(sampler, repeat, trials)
    strategy = Searching(search)
    with LocalExecutor(slot_devices("cpu", None)) as executor:
        sweep(strategy, executor, record)
    values = [trial.value if trial.state.name == "COMPLETE" else None for trial in strategy.finished]
    course = np.maximum.accumulate([-np.inf if value is None else value for value in values]).tolist()
    best = max((trial for trial in strategy.finished if trial.value is not None), key=lambda trial: trial.value or 0.0)
    runs = on_fresh_seeds(run_of(search, best.params), repeat)
    with LocalExecutor(slot_devices("cpu", None)) as executor:
        sweep(Fixed(runs), executor, record)
    scores = [result.results["test/psnr"] for run in runs if (result := record.result(run.id))]
    return Outcome(sampler, repeat, course, float(np.mean(scores)))


def on_fresh_seeds(run: Run, repeat: int) -> list[Run]:
    """The same fresh seeds for both samplers of a repeat, which makes them a pair."""
    return [run.model_copy(update={"seed": 1000 + FRESH * repeat + number}) for number in range(FRESH)]


@dataclass(frozen=True)
class Gain:
    """The mean of paired differences (TPE minus random, in dB) with its interval, and the difference of each pair."""

    pairs: list[float]
    low: float
    high: float

    @property
    def mean(self) -> float:
        return float(np.mean(self.pairs))

    @property
    def sentence(self) -> str:
        """The conclusion, whichever way the comparison came out."""
        interval = f"{self.mean:+.2f} dB, 95% interval [{self.low:+.2f}, {self.high:+.2f}]"
        if self.low > 0:
            return f"better than random here: {interval}"
        if self.high < 0:
            return f"worse than random here: {interval}"
        return f"not shown to differ from random here: {interval}, which contains zero"


def gain(tpe: Sequence[float], random: Sequence[float]) -> Gain:
    """By a paired t test over the repeats."""
    interval = stats.ttest_rel(tpe, random).confidence_interval(CONFIDENCE)
    return Gain((np.array(tpe) - np.array(random)).tolist(), float(interval.low), float(interval.high))


def compare(found: Sequence[Outcome], score: str, at: int = -1) -> Gain:
    """TPE against random by `fresh`, or by the best value of the `course` after `at` trials."""

    def scores(sampler: str) -> list[float]:
        mine = sorted((item for item in found if item.sampler == sampler), key=lambda item: item.repeat)
        return [item.fresh if score == "fresh" else item.course[at] for item in mine]

    return gain(scores("tpe"), scores("random"))


HEAD = """\
<!-- Written by `python -m benchmarks.search`; edit the program instead. -->
# Is the search better than random?

On one small space ({axes} axes; a network of two blocks on images of 32 × 32 pixels, {epochs} epochs), with {trials}
trials and {repeats} repeats: each repeat searches by TPE and at random on one seed, and trains the best settings of
both on {fresh} fresh seeds. The first {startup} trials of TPE are random draws, too. Differences are TPE minus random;
intervals are those of paired t tests over the repeats, each at 95% on its own.

"""


def page(found: Sequence[Outcome]) -> str:
    """The page, in Markdown."""
    repeats, trials = len(found) // 2, len(found[0].course)
    facts = {"axes": len(SPACE), "epochs": BASE["training.epochs"], "trials": trials, "repeats": repeats}
    fresh, chosen = compare(found, "fresh"), compare(found, "course")
    lines = [
        f"- By the test PSNR of its best settings on fresh seeds TPE is **{fresh.sentence}**.",
        f"- By the validation PSNR that it optimises TPE is {chosen.sentence}.",
        f"- {repeats} repeats on one space cannot show more; the result may differ on another space or budget.",
        "",
        "| repeat | TPE: val/psnr | random: val/psnr | TPE: test/psnr, fresh | random: test/psnr, fresh | difference |",
        "|---|---:|---:|---:|---:|---:|",
        *(_row(found, repeat, fresh.pairs[repeat]) for repeat in range(repeats)),
        "",
        "| after trial number | difference of the best val/psnr so far | interval |",
        "|---|---:|---|",
        *(_course_row(found, count) for count in range(5, trials + 1, 5)),
    ]
    return HEAD.format(fresh=FRESH, startup=STARTUP, **facts) + "\n".join(lines) + "\n"


def _row(found: Sequence[Outcome], repeat: int, difference: float) -> str:
    tpe, random = (next(f for f in found if (f.sampler, f.repeat) == (name, repeat)) for name in SAMPLERS)
    scores = (tpe.course[-1], random.course[-1], tpe.fresh, random.fresh)
    return f"| {repeat} | {' | '.join(f'{score:.2f}' for score in scores)} | {difference:+.2f} |"


def _course_row(found: Sequence[Outcome], count: int) -> str:
    so_far = compare(found, "course", count - 1)
    return f"| {count} | {so_far.mean:+.2f} | [{so_far.low:+.2f}, {so_far.high:+.2f}] |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        record = Record(Path(folder))
        found = []
        for repeat in range(options.repeats):
            for sampler in SAMPLERS:
                found.append(measure(sampler, repeat, options.trials, record))
                print(f"{sampler} {repeat}: {found[-1].course[-1]:.2f} dB, {found[-1].fresh:.2f} dB on fresh seeds")
    PAGE.write_text(page(found))


if __name__ == "__main__":
    main()
