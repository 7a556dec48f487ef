"""`ablate judge`: verdicts on the scores of runs that another program trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli._shared import app, terminal
from ablate.cli.report import print_latex, say_verdicts
from ablate.errors import AblateError, quote

if TYPE_CHECKING:
    from ablate.records.score_files import Rows


@app.command()
def judge(
    scores: Annotated[
        Path | None, typer.Argument(metavar="SCORES", help="A table of scores: CSV, Parquet or JSON.")
    ] = None,
    margin: Annotated[
        float, typer.Option(help="The smallest difference that matters to you, in the unit of the scores.")
    ] = ...,  # type: ignore[assignment]
    reference: Annotated[
        str | None,
        typer.Option(help="The arm that the others are compared with. Default: one named baseline, control, ..."),
    ] = None,
    lower_is_better: Annotated[bool, typer.Option("--lower-is-better", help="Lower scores are better.")] = False,
    arm: Annotated[str | None, typer.Option(help="The column of the arms, if it is not obvious.")] = None,
    seed: Annotated[str | None, typer.Option(help="The column of the seeds, if it is not obvious.")] = None,
    score: Annotated[str | None, typer.Option(help="The column of the scores, if it is not obvious.")] = None,
    mlflow: Annotated[
        str | None,
        typer.Option(
            metavar="EXPERIMENT",
            help="In place of SCORES: the runs of this MLflow experiment. --arm is a tag or a parameter.",
        ),
    ] = None,
    tracking_uri: Annotated[
        str | None, typer.Option(help="The tracking server of --mlflow. Default: MLFLOW_TRACKING_URI, as in MLflow.")
    ] = None,
    looks: Annotated[
        str | None, typer.Option(help="The numbers of seeds at which looks at the scores were planned, such as 3,6,12.")
    ] = None,
    missing: Annotated[
        int, typer.Option(help="How many seeds of each comparison may lack a score without making it wait.")
    ] = 0,
    claims: Annotated[Path | None, typer.Option(help="A YAML file with claims about the arms, under `expect`.")] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit 1 if a claim is contradicted, else 3 if one is undecided."),
    ] = False,
    latex: Annotated[
        bool, typer.Option("--latex", help="Write nothing; print a table and the methods for a paper, in LaTeX.")
    ] = False,
    question: Annotated[str | None, typer.Option(help="The question that the comparison answers.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="The folder of the report. Default: reports/NAME, after the name of SCORES.")
    ] = None,
) -> None:
    """Judge scores that another program produced.

    The table has a row per run (arm, seed, score), or a column per arm or per seed. The report is that of a study, as
    far as scores can give it.
    """
    from ablate.pipeline.judge import judge as judge_scores
    from ablate.pipeline.judge import name_of
    from ablate.statistics.evidence import exit_code

    if check and (latex or claims is None):
        raise AblateError("--check needs --claims, and cannot be combined with --latex")
    table = _table(scores, mlflow, tracking_uri)
    name = name_of(mlflow or str(scores))
    result = judge_scores(
        table,
        margin=margin,
        reference=reference,
        arm=arm,
        seed=seed,
        score=score,
        lower_is_better=lower_is_better,
        looks=_numbers(looks),
        missing=missing,
        claims=claims,
        name=name,
        question=question,
        output=None if check or latex else output or Path("reports") / name,
    )
    if latex:
        print_latex(result.page)
        return
    say_verdicts(result)
    for run in (*result.page.missing_runs, *result.page.left_out):
        terminal.warn(f"{quote(run.arm)} seed {run.seed}: {run.detail}")
    if result.path is not None:
        terminal.say(f"Report: {result.path / 'README.md'}, or report.html beside it")
    if check:
        raise typer.Exit(exit_code(result.page.claims))


def _table(scores: Path | None, experiment: str | None, tracking_uri: str | None) -> Path | Rows:
    """The table of a file, or of an experiment."""
    if (scores is None) == (experiment is None):
        raise AblateError("the scores are either in a file or in MLflow; allowed: SCORES or --mlflow EXPERIMENT")
    if experiment is None:
        assert scores is not None
        return scores
    from ablate.tracking.scores import read_experiment

    return read_experiment(experiment, tracking_uri)


def _numbers(looks: str | None) -> list[int]:
    try:
        return [int(number) for number in looks.split(",")] if looks else []
    except ValueError:
        raise AblateError(f"--looks must be numbers of seeds, such as 3,6,12 (given: {quote(looks)})") from None
