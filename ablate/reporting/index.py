"""`reports/README.md`: all studies with their answers, and all effects in one figure, from the reports' headlines."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ablate.metrics import METRICS
from ablate.records.files import read_json, write_atomic
from ablate.reporting.effects import (
    MAX_EFFECTS,
    Effect,
    Headlines,
    compared_arms,
    effects,
    effects_figure,
    measure_of,
)
from ablate.reporting.markup.document import Block, Column, Document, Link, Picture, Section, Table, paragraph, table
from ablate.reporting.markup.kept_figures import draw_if_changed
from ablate.reporting.markup.numbers import decimals_for, format_signed, interval_decimals, metric_label
from ablate.reporting.markup.rendering import markdown
from ablate.reporting.markup.style import LINES
from ablate.reporting.markup.svg import svg
from ablate.reporting.markup.words import join_names

STUDY_KEYS = {"question", "answer", "metric", "arms"}
SEARCH_KEYS = {"question", "answer", "trials"}


def write_index(reports: Path, new: Path | None = None) -> None:
    """Write the page and its figure from each `metrics.json` below `reports`, unless the page does not list `new`.

    Files that are not ours are left out, and so are reports that git ignores, unless it ignores the page too.
    """
    paths = sorted(reports.glob("*/metrics.json"))
    private = _find_private(reports / "README.md", [path.parent for path in paths])
    if new in private:
        return
    paths = [path for path in paths if path.parent not in private]
    headlines = {path.parent.name: read_json(path) for path in paths}
    ours = {name: facts for name, facts in headlines.items() if isinstance(facts, dict)}
    studies = {name: facts for name, facts in ours.items() if facts.keys() >= STUDY_KEYS and facts["metric"] in METRICS}
    searches = {name: facts for name, facts in ours.items() if facts.keys() >= SEARCH_KEYS}
    figures = draw_if_changed(reports, [json.dumps(studies).encode()], lambda: _draw(studies))
    (reports / "figures").mkdir(exist_ok=True)
    for name, content in figures.items():
        write_atomic(reports / "figures" / f"{name}.svg", content.encode())
    write_atomic(reports / "README.md", markdown(index(studies, searches).without_pictures(figures)).encode())


def _find_private(page: Path, reports: list[Path]) -> set[Path]:
    """The folders of reports that git ignores; none if it ignores the page over them, which is to be committed."""
    names = {str(path.absolute()): path for path in (page, *reports)}
    command = ["git", "-C", str(page.parent), "check-ignore", "-z", "--stdin"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False, input="\0".join(names)).stdout
    except OSError:  # there is no git, or no such folder
        return set()
    ignored = {names[name] for name in found.split("\0") if name}
    return set() if page in ignored else ignored


def _draw(studies: dict[str, Headlines]) -> dict[str, str]:
    figure = effects_figure(effects(studies))
    return {"effects": svg(figure, "effects")} if figure else {}


def index(studies: dict[str, Headlines], searches: dict[str, Headlines]) -> Document:
    """The page of all reports."""
    return Document(
        "Reports",
        "what matters in a ViT denoiser, and how sure are we?",
        f"{len(studies)} {'study' if len(studies) == 1 else 'studies'}",
        (),
        (
            Section("Studies", (_list_reports("study", "Each study, its question and its answer", studies),)),
            Section("Searches", tuple(_searches(searches))),
            Section("All effects", tuple(_effects(studies))),
        ),
    )


def _searches(searches: dict[str, Headlines]) -> Iterator[Block]:
    if searches:
        yield _list_reports("search", "Each search, its question and its best trial", searches)
        yield paragraph(
            "The best of many trials looks better than it is: only a study on fresh seeds shows how good its "
            "settings are."
        )


def _list_reports(kind: str, caption: str, reports: dict[str, Headlines]) -> Table:
    columns = [
        Column[str](kind, lambda name: Link(name, f"{name}/README.md"), number=False),
        Column[str]("question", lambda name: reports[name]["question"], number=False),
        Column[str]("answer", lambda name: reports[name]["answer"], number=False),
    ]
    return table(caption, columns, reports)


def _effects(studies: dict[str, Headlines]) -> Iterator[Block]:
    every = effects(studies)
    if not every:
        return
    bad_runs = any(effect.bad_runs for found in every.values() for effect in found)
    yield Picture(
        "effects",
        "The effect of every change of every study in dB, largest first",
        f"Mark: the mean difference from the study's reference; {LINES} (with an arrow where it leaves the scale)"
        f"{'; hollow mark: the arm or its reference has a bad run' if bad_runs else ''}. The intervals of "
        "one study hold jointly with 95% confidence, under the kinds of noise for which benchmarks/calibration.md "
        "shows it; those of different studies do not.",
    )
    for metric, found in every.items():
        yield _effects_table(f"Differences in {metric_label(metric)}, largest first", found)
    yield from map(paragraph, _notes(studies, bad_runs=bad_runs))


def _effects_table(caption: str, effects: list[Effect]) -> Table:
    columns = [
        Column[Effect]("change", lambda effect: effect.arm, number=False),
        Column[Effect]("from", lambda effect: effect.against, number=False),
        Column[Effect]("study", lambda effect: Link(effect.study, f"{effect.study}/README.md"), number=False),
        Column[Effect](
            "difference (dB)", lambda effect: format_signed(effect.difference, decimals_for(effect.error, 2))
        ),
        Column[Effect]("interval", _interval),
    ]
    if any(effect.bad_runs for effect in effects):
        columns.append(Column[Effect]("bad runs", _bad_runs, number=False))
    return table(caption, columns, effects)


def _notes(studies: dict[str, Headlines], *, bad_runs: bool) -> Iterator[str]:
    """What readers must know to compare effects."""
    yield (
        "The page of each study says what its arms have in common; effects under different settings need not add up. "
        "The largest of many estimates are too large on average, and so are those of studies that stopped early "
        "because of them: rely on the intervals instead."
    )
    if large := [name for name, facts in studies.items() if len(compared_arms(facts)) > MAX_EFFECTS]:
        yield f"Only the {MAX_EFFECTS} largest effects of {join_names(large)} are shown; the rest are on their pages."
    metrics = {name: METRICS[facts["metric"]] for name, facts in studies.items()}
    if any(metric.is_relative for metric in metrics.values()):
        yield (
            "A gain is the PSNR minus that of doing nothing in the same task. It is listed separately, since the arms "
            "of a study that is judged by it can differ in the task."
        )
    converted = [name for name, metric in metrics.items() if metric != measure_of(metric)]
    if converted:
        judged = "; ".join(f"{name} by {metrics[name].name}" for name in converted)
        yield f"Judged by another score, but shown here in dB of PSNR: {judged}. Their verdicts are on their own pages."
    if bad_runs:
        yield (
            "A bad run (of the arm or its reference) diverged, and counts with the score of predicting zero (for "
            "pictures: the mean of the training pictures), or it scored below that. Such an effect says how often "
            "training goes wrong rather than how good a trained network is."
        )


def _bad_runs(effect: Effect) -> str:
    return f"{effect.bad_runs} of {effect.runs}" if effect.bad_runs else ""


def _interval(effect: Effect) -> str:
    if not effect.interval:
        return "–"
    digits = interval_decimals(effect.interval, decimals_for(effect.error, 2), (0,))
    return f"[{format_signed(effect.interval[0], digits)}, {format_signed(effect.interval[1], digits)}]"
