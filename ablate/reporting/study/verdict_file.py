"""A page as the content of `verdicts.json`."""

from __future__ import annotations

from typing import Any

from ablate.records.requests import RunStatus
from ablate.reporting.study.arms import ArmRow
from ablate.reporting.study.model import Page
from ablate.reporting.study.verdict_schema import (
    BadSeeds,
    ClaimOutcome,
    Decision,
    LookFacts,
    MetricFacts,
    RunFacts,
    VerdictFile,
)
from ablate.statistics.evidence import Evidence
from ablate.statistics.multiplicity import CONFIDENCE, SHARED, SPENT, level_of
from ablate.statistics.verdicts import Comparison


def verdict_file(page: Page) -> VerdictFile:
    """What was decided, in the order of the page."""
    plan, metric = page.design, page.metric
    return VerdictFile(
        name=plan.name,
        question=plan.question,
        metric=MetricFacts(
            name=metric.name,
            description=metric.description,
            unit=metric.unit,
            higher_is_better=metric.higher_is_better,
        ),
        margin=plan.margin,
        confidence=CONFIDENCE,
        comparisons=page.comparisons,
        shared_by=SHARED,
        spent_by=SPENT if len(plan.looks) > 1 else None,
        seeds=list(plan.seeds),
        looks=[LookFacts(seeds=look.seeds, level=level_of(page.comparisons, look.share)) for look in plan.looks],
        missing=plan.missing,
        verdicts=[_decision(row, comparison, page) for row, comparison in page.compared_arms],
        claims=list(map(_claim, page.claims)),
        waiting_for=[_run(run, page) for run in page.missing_runs],
        left_out=[_run(run, page) for run in page.left_out],
        bad_seeds=BadSeeds(bad=page.bad_seeds.bad, seeds=page.bad_seeds.seeds, bound=page.bad_seeds.bound),
        warnings=page.warnings,
    )


def difference_facts(c: Comparison) -> dict[str, Any]:
    """The fields of `Difference`."""
    ends = {"low": c.low, "high": c.high, "level": c.level, "inner_low": c.inner_low, "inner_high": c.inner_high}
    ends["smallest_margin"] = c.smallest_margin
    return {"pairs": c.pairs, "difference": c.difference, "difference_sd": c.sd, **ends}


def _decision(row: ArmRow, c: Comparison, page: Page) -> Decision:
    assert row.against is not None
    return Decision(
        arm=row.name,
        against=row.against,
        verdict=c.verdict,
        for_median=c.is_for_median,
        wins=c.median.wins if c.median else None,
        barred=sorted(c.barred),
        look=page.course.look(row.name, row.against).seeds,
        end=row.end,
        **difference_facts(c),
    )


def _claim(evidence: Evidence) -> ClaimOutcome:
    claim, c = evidence.claim, evidence.comparison
    facts = {"claimed": claim.verdict, "outcome": evidence.outcome, "verdict": c.verdict, **difference_facts(c)}
    return ClaimOutcome(arm=claim.arm, against=claim.than, **facts)


def _run(run: RunStatus, page: Page) -> RunFacts:
    return RunFacts(arm=run.arm, seed=run.seed, status=run.status if page.has_study else run.detail)
