"""What a page says, computed apart from how it looks: comparisons, the answer in a sentence, tables, provenance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from ablate.metrics import METRICS, Metric
from ablate.planning import Arm, arms
from ablate.record import BROKEN
from ablate.report.data import Data
from ablate.study import Study
from ablate.verdicts import CONFIDENCE, Comparison, Verdict, bad_seed_bound, compare

ENDED = ("finished", "diverged")


@dataclass(frozen=True)
class ArmRow:
    """One arm's line of the table; `comparison` is None for a reference, numbers are NaN where no run has ended."""

    name: str
    against: str | None
    seeds: int
    mean: float
    image_sem: float  # over the test images, in the metric's unit; NaN where that is not known
    last_mean: float
    gain: float
    diverged: int
    broken: dict[str, int]  # how many failed, how many timed out
    comparison: Comparison | None
    parameters: float
    flops: float
    seconds: float

    @property
    def outcomes(self) -> str:
        """How many runs did not end as they should: `1 diverged, 2 failed`."""
        counts = {"diverged": self.diverged, **self.broken}
        return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


@dataclass(frozen=True)
class Missing:
    """A run that the study asks for and that has no result."""

    arm: str
    seed: int
    run: str
    status: str
    error: str

    def __str__(self) -> str:
        return f"{self.arm} seed {self.seed}: {self.status}{f' ({self.error})' if self.error else ''}"


@dataclass(frozen=True)
class Page:
    """All that a report says of a study."""

    study: Study
    metric: Metric
    answer: str
    rows: list[ArmRow]
    scores: pd.DataFrame  # seeds x arms
    nothing: float
    zero: float
    missing: list[Missing]
    diverged: list[str]
    looks: str
    level: float
    bad_seed_bound: float
    provenance: dict[str, str]
    train_hours: float


def build(study: Study, data: Data) -> Page:
    """Compute a page from its data and its study."""
    metric = METRICS[study.metric]
    settled = arms(study)
    scores = data.runs.pivot(index="seed", columns="arm", values=study.metric).loc[list(study.seeds)]
    scores = scores[[arm.name for arm in settled]]
    ended = data.runs[data.runs.status.isin(ENDED)]
    diverged = set(ended.arm[ended.status == "diverged"])
    count = sum(arm.against is not None for arm in settled)
    rows = [_arm_row(study, arm, data.runs, _compare(study, arm, scores, diverged, count)) for arm in settled]
    clean = min((row.seeds for row in rows if not row.diverged), default=0)
    return Page(
        study=study,
        metric=metric,
        answer=answer(study, rows),
        rows=rows,
        scores=scores,
        nothing=_baseline(ended, "nothing", metric),
        zero=_baseline(ended, "zero", metric),
        missing=_missing(data.runs[~data.runs.status.isin(ENDED)]),
        diverged=_diverged(ended[ended.status == "diverged"]),
        looks=_looks(data),
        level=1 - (1 - CONFIDENCE) / count,
        bad_seed_bound=bad_seed_bound(0, clean),
        provenance=_provenance(ended),
        train_hours=float(ended["cost/train_seconds"].sum()) / 3600,
    )


def _compare(study: Study, arm: Arm, scores: pd.DataFrame, diverged: set[str], count: int) -> Comparison | None:
    """An arm's comparison with its reference, on the seeds that both have; None for a reference."""
    if arm.against is None:
        return None
    pairs = scores[[arm.name, arm.against]].dropna()
    return compare(
        pairs[arm.name].to_numpy(),
        pairs[arm.against].to_numpy(),
        margin=study.margin,
        comparisons=count,
        sign=METRICS[study.metric].sign,
        arm_diverged=arm.name in diverged,
        reference_diverged=arm.against in diverged,
        missing=len(pairs) < len(scores),
    )


def _arm_row(study: Study, arm: Arm, every: pd.DataFrame, comparison: Comparison | None) -> ArmRow:
    asked = every[every.arm == arm.name]
    runs = asked[asked.status.isin(ENDED)]
    kind, score = study.metric.split("/")
    return ArmRow(
        name=arm.name,
        against=arm.against,
        seeds=len(runs),
        mean=float(runs[study.metric].mean()),
        image_sem=float(_image_sem(runs, study.metric).mean()),
        last_mean=float(runs[f"last/{score}"].mean()),
        gain=float(runs[f"{kind}/gain"].mean()),
        diverged=int((runs.status == "diverged").sum()),
        broken={status: int((asked.status == status).sum()) for status in BROKEN},
        comparison=comparison,
        parameters=float(runs["cost/parameters"].max()),
        flops=float(runs["cost/flops"].max()),
        seconds=float(runs["cost/train_seconds"].mean()),
    )


def _image_sem(runs: pd.DataFrame, metric: str) -> pd.Series[float]:
    """Each run's standard error over the test images, in the metric's unit (by the delta method for decibels)."""
    if metric == "test/mse":
        return runs["test/mse_sem"]
    if metric in ("test/psnr", "test/gain"):
        return 10 / math.log(10) * runs["test/mse_sem"] / runs["test/mse"]
    return runs["test/mse_sem"] * math.nan


def _baseline(ended: pd.DataFrame, kind: str, metric: Metric) -> float:
    """A baseline's score, if it is the same for all runs: NaN where arms differ in the task."""
    values = ended[f"{kind}/{metric.name.split('/')[1]}"].unique()
    return float(values[0]) if len(values) == 1 else math.nan


def _missing(runs: pd.DataFrame) -> list[Missing]:
    facts = runs[["arm", "seed", "run", "status", "error"]].fillna("")
    return [Missing(*fact) for fact in facts.itertuples(index=False)]


def _diverged(runs: pd.DataFrame) -> list[str]:
    """Each diverged run, and how: in the epoch whose loss was not finite, or by what it scored in the end."""
    epochs = runs.get("diverged/epoch", pd.Series(math.nan, runs.index))
    facts = zip(runs.arm, runs.seed, epochs, strict=True)
    return [
        f"{arm} seed {seed} ({'worse than answering zero' if math.isnan(epoch) else f'in epoch {epoch:.0f}'})"
        for arm, seed, epoch in facts
    ]


def _looks(data: Data) -> str:
    """What has to be said where seeds were changed after a report was there to be read."""
    if not data.looks:
        return ""
    seen = " and ".join(f"with seeds {', '.join(map(str, seeds))}" for seeds in data.looks)
    return (
        f"Seeds were changed after a report was written ({seen}): an uncorrected look, with which a verdict is wrong "
        "in 14 to 20% of studies instead of 5%."
    )


def _provenance(ended: pd.DataFrame) -> dict[str, str]:
    """What trained the runs, as they recorded it; several values where runs differ."""
    columns = [column for column in ended.columns if column.startswith("env/")]
    return {column.removeprefix("env/"): ", ".join(sorted(ended[column].astype(str).unique())) for column in columns}


# The answer in one sentence


def answer(study: Study, rows: list[ArmRow]) -> str:
    """The verdicts as one sentence."""
    metric = METRICS[study.metric]
    references = [row for row in rows if row.comparison is None]
    if len(references) == 1:
        subject = f"Against {references[0].name} ({number(references[0].mean, metric)}{_unit(metric)})"
    else:
        subject = "Each against the arm that differs from it only in " + " and ".join(study.reference)
    clauses = [
        _clause(verdict, chosen, study)
        for verdict in ("worse", "better", "equivalent", "undecided", "waiting")
        if (chosen := [row for row in rows if row.comparison and row.comparison.verdict == verdict])
    ]
    useless = [row for row in rows if row.gain < 0]
    if useless:
        verb = "does" if len(useless) == 1 else "do"
        gains = _listed([f"{row.name} ({signed(row.gain, METRICS['test/gain'])} dB)" for row in useless])
        clauses.append(f"{gains} {verb} worse than doing nothing")
    return f"{subject}: {'; '.join(clauses)}."


def _clause(verdict: Verdict, rows: list[ArmRow], study: Study) -> str:
    metric = METRICS[study.metric]
    is_are = "is" if len(rows) == 1 else "are"
    names = _listed([row.name for row in rows])
    sized = _listed([f"{row.name} ({_difference(row, metric)})" for row in rows])
    within = f"±{study.margin:g}{_unit(metric)}"
    seeds = f"{len(study.seeds)} seed{'s' if len(study.seeds) > 1 else ''}"
    return {
        "worse": f"{sized} {is_are} worse",
        "better": f"{sized} {is_are} better",
        "equivalent": f"{names} {is_are} equivalent within {within}",
        "undecided": f"{names} {is_are} undecided with {seeds}",
        "waiting": f"{names} {'waits' if len(rows) == 1 else 'wait'} for missing runs",
    }[verdict]


def _difference(row: ArmRow, metric: Metric) -> str:
    assert row.comparison is not None
    return f"{signed(row.comparison.difference, metric)}{_unit(metric)}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _unit(metric: Metric) -> str:
    return f" {metric.unit}" if metric.unit else ""


# Numbers as readers see them


def number(value: float, metric: Metric) -> str:
    """A value with the metric's decimals."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return fixed(value, metric.digits)


def fixed(value: float, digits: int = 0) -> str:
    """A value with so many decimals, thousands apart, a true minus, and a dash for none."""
    return "–" if math.isnan(value) else f"{value:,.{digits}f}".replace("-", "−")


def signed(value: float, metric: Metric) -> str:
    """A difference with its sign."""
    return number(value, metric) if not value > 0 else "+" + number(value, metric)
