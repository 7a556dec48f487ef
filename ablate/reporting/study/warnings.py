"""What a page warns of before all else: missing runs, and what can invalidate its verdicts."""

from __future__ import annotations

from collections.abc import Iterator

from ablate.records.requests import RunStatus
from ablate.reporting.study.model import UNSCORED, Page, command


def warnings(page: Page) -> Iterator[str]:
    """A sentence or two for each reason."""
    unscored = [run for run in page.missing_runs if run.status == UNSCORED]
    missing = [run for run in page.missing_runs if run not in unscored]
    if missing:
        yield f"Some verdicts are waiting for missing runs: {_listed(missing, page)}."
    if unscored:
        runs = "; ".join(f"{run.arm} seed {run.seed}" for run in unscored)
        yield (
            f"Some verdicts are waiting for runs that were recorded without {page.metric.name}: {runs}. "
            f"`{command(page, 'sweep')}` computes it from their weights; runs whose weights are gone have to be "
            f"trained again, with `{command(page, 'sweep', '--retry-failed')}`."
        )
    if page.left_out:
        how = "one that failed counts as predicting zero and as a bad run, any other is left out with its pair"
        if not page.has_study:
            how = "each is left out with its pair, and one whose score is not finite counts as a bad run"
        runs = _listed(page.left_out, page)
        yield f"No verdict waits for these runs, as the study allows (`missing`); {how}: {runs}."
    yield from page.warnings


def _listed(runs: list[RunStatus], page: Page) -> str:
    """Runs without a score, and why; of a table, why is all that is known."""
    return "; ".join(str(run) if page.has_study else f"{run.arm} seed {run.seed}: {run.detail}" for run in runs)
