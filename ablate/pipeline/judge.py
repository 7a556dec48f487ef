"""Scores that another program produced -> verdicts: the statistics and the report without the training."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.errors import AblateError
from ablate.pipeline.results import JudgedScores
from ablate.records.files import make_folder, write_atomic
from ablate.records.score_files import Rows, read_rows, rows_of_frame
from ablate.records.score_tables import Names, ScoredRun, read_runs
from ablate.reporting.study.data import Data
from ablate.reporting.study.model import build
from ablate.reporting.study.page import write_pages
from ablate.studies.judged import metric_of, plan_scores
from ablate.studies.loading import load_claims
from ablate.studies.plan import Plan, Seed

if TYPE_CHECKING:
    import pandas as pd

SCORES = "scores.csv"


def judge(
    scores: pd.DataFrame | str | Path | Rows,
    *,
    margin: float,
    reference: str | None = None,
    arm: str | None = None,
    seed: str | None = None,
    score: str | None = None,
    lower_is_better: bool = False,
    looks: Sequence[int] = (),
    missing: int = 0,
    claims: str | Path | None = None,
    name: str | None = None,
    question: str | None = None,
    output: str | Path | None = None,
) -> JudgedScores:
    """Judge a table of scores, whichever program trained the runs: by the same rule, and with the same report.

    The table is long, with a row per run, or wide, with a column per arm or per seed. Runs are compared in pairs of the
    same seed, which is a number or any label. A run without a finite score makes the comparisons of its arm wait,
    unless `missing` allows for it; then it is left out with its pair, and its arm is never better or equivalent.

    Args:
        scores: the table, or the path of its CSV, Parquet or JSON file.
        margin: the smallest difference that matters to the reader, in the unit of the scores.
        reference: the arm that the others are compared with; by default the one called reference, baseline or control.
        arm, seed, score: the names of the columns, where they are not obvious.
        lower_is_better: whether lower scores are better.
        looks: the numbers of seeds at which the scores were planned to be judged; by default once, at all of them.
        missing: how many seeds of each comparison may lack a score without making its verdict wait.
        claims: the path of a YAML file with claims about the arms, under `expect`.
        name: of the report; by default that of the file.
        question: that the comparison answers.
        output: the folder in which to write the report; by default none is written.

    Raises:
        AblateError: the table, a column or an option is not what it should be; the message names the line.

    Examples:
        >>> import ablate
        >>> import pandas as pd
        >>> scores = {"base": [30.0, 29.5, 31.0, 30.4, 29.8], "wide": [31.0, 30.6, 32.0, 31.5, 30.7]}
        >>> frame = pd.DataFrame({"seed": range(5), **scores})
        >>> result = ablate.judge(frame, reference="base", margin=0.5)
        >>> result.verdicts[["arm", "against", "verdict", "pairs"]]
            arm against verdict  pairs
        0  wide    base  better      5
        >>> print(result.answer)
        Compared with "base" (score 30.14): "wide" is better by 1.02.
    """
    table = _read(scores)
    runs, score_name = read_runs(table, Names(arm, seed, score))
    metric = metric_of(score_name, higher_is_better=not lower_is_better)
    seeds_by_arm: dict[str, list[Seed]] = {}
    for run in runs:
        seeds_by_arm.setdefault(run.arm, []).append(run.seed)
    plan = plan_scores(
        name or name_of(table.source),
        question or f"Which arms differ in {score_name}?",
        metric,
        seeds_by_arm,
        reference=reference,
        margin=margin,
        looks=looks,
        missing=missing,
        claims=lambda arms: load_claims(claims, arms) if claims else (),
    )
    page = build(plan, Data(_results(plan, runs), _no_epochs(), {}, source=table.source))
    if output is None:
        return JudgedScores(page)
    folder = Path(output)
    _write_scores(folder, runs)
    write_pages(page, folder)
    return JudgedScores(page, folder)


def _read(scores: pd.DataFrame | str | Path | Rows) -> Rows:
    if isinstance(scores, Rows):
        return scores
    return read_rows(Path(scores)) if isinstance(scores, str | Path) else rows_of_frame(scores, "scores")


def name_of(source: str) -> str:
    """A name for the report that can be that of a folder."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", Path(source).stem).strip("-._")[:100] or "scores"


def _results(plan: Plan, runs: Sequence[ScoredRun]) -> pd.DataFrame:
    """The table of runs that a page is computed from, one row per arm and seed."""
    import pandas as pd

    given = {(run.arm, run.seed): run for run in runs}
    last_seen = max(plan.seeds.index(run.seed) for run in runs)

    def row(arm: str, seed: Seed) -> dict[str, object]:
        facts: dict[str, object] = {"arm": arm, "seed": seed, "run": f"{arm} seed {seed}"}
        run = given.get((arm, seed))
        if run is None and (len(plan.looks) > 1 or plan.seeds.index(seed) > last_seen):  # it can still come
            return facts | {"status": "absent", "error": "not in the table"}
        if run is None:
            return facts | {"status": "set aside", "error": "not in the table"}
        if run.score is None:
            return facts | {"status": "failed", "error": f"{run.fault} ({run.place})"}
        return facts | {"status": "finished", "error": None, plan.metric.name: run.score}

    rows = [row(arm.name, seed) for arm in plan.arms for seed in plan.seeds]
    names = ["arm", "seed", "run", "status", "error", plan.metric.name]
    return pd.DataFrame(rows).reindex(columns=names).astype({plan.metric.name: float, "error": object})


def _no_epochs() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns=["arm", "seed", "run", "epoch"])


def _write_scores(folder: Path, runs: Sequence[ScoredRun]) -> None:
    """Write the scores as they were read, which is all that the report depends on besides its options.

    Raises:
        AblateError: the folder has the report of a study.
    """
    import pandas as pd

    if (folder / "data" / "runs.csv").exists():
        raise AblateError(f"{folder}: has the report of a study; choose another folder: --output")
    make_folder(folder / "data")
    rows = [{"arm": r.arm, "seed": r.seed, "score": r.score, "place": r.place, "fault": r.fault} for r in runs]
    write_atomic(folder / "data" / SCORES, pd.DataFrame(rows).to_csv(index=False).encode())
