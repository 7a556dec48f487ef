"""Seeds until decided against a fixed number of them, on real studies: the verdicts of both, and their runs.

    python -m benchmarks.until_decided        # writes benchmarks/until_decided.md, and trains nothing

Both designs share their runs: the fixed design has 12 seeds, and the looks of the other one are taken at the first of
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from ablate.metrics import METRICS
from ablate.records.tables import read_course, read_scores
from ablate.reporting import REPORTS
from ablate.reporting.study.texts import comparison_texts
from ablate.statistics.course import Course, compare_all
from ablate.statistics.verdicts import Comparison
from ablate.strategies.choices import tuned
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.studies.seeds import Until
from benchmarks.pairs import table
from benchmarks.recorded import SEEDS, read_recorded

STUDIES = ("skips", "heads", "depth")
FIRST = 3
PAGE = Path(__file__).with_suffix(".md")


def designs(study: Design) -> tuple[Design, Design]:
    """A study with a fixed number of seeds, and until it is decided."""
    until = Until.model_validate({"from": FIRST, "to": SEEDS})
    return study.with_changes(requested_seeds=SEEDS), study.with_changes(requested_seeds=until)


def judge(study: Design, runs: pd.DataFrame) -> tuple[Course, dict[str, Comparison]]:
    course = read_course(study, runs)
    return course, compare_all(course, read_scores(study, runs), study.against)


def section(fixed: Design, sequential: Design, runs: pd.DataFrame) -> Iterator[str]:
    """A study's table: a line per arm."""
    (_, usual), (course, found) = judge(fixed, runs), judge(sequential, runs)
    used, planned = sum(course.needed.values()), len(runs)
    yield f"### {fixed.name}: {fixed.question}\n"
    yield f"{planned} runs with {SEEDS} fixed seeds, {used} until decided: {1 - used / planned:.0%} saved.\n"
    heads = (f"with {SEEDS} seeds", "difference, interval", "until decided", "difference, interval", "seeds")
    yield f"| arm | {' | '.join(heads)} |"
    yield "|---" * 6 + "|"
    for arm, c in usual.items():
        texts = [
            comparison_texts(one, METRICS[fixed.study.metric], fixed.study.margin).interval for one in (c, found[arm])
        ]
        yield f"| {arm} | {c.verdict} | {texts[0]} | {found[arm].verdict} | {texts[1]} | {found[arm].pairs} |"
    yield ""


def saved(studies: list[tuple[Design, pd.DataFrame]]) -> str:
    """What studies until decided took: a line per study."""
    rows = []
    for study, runs in studies:
        course, found = judge(study, runs)
        used, planned = sum(course.needed.values()), len(study.runs)
        settled = sum(one.verdict != "undecided" for one in found.values())
        rows.append([study.name, f"{settled} of {len(found)}", str(planned), str(used), f"{1 - used / planned:.0%}"])
    headings = ("study", "settled", f"runs with {SEEDS} fixed seeds", "until decided", "saved")
    return table(headings, rows)


def reported() -> list[tuple[Design, pd.DataFrame]]:
    """The studies below `reports/` that train until decided, to 12 seeds at most, with their runs."""
    folders = sorted(path.parents[1] for path in REPORTS.glob("*/data/runs.csv"))
    studies = (tuned(load_study(Path("experiments") / f"{folder.name}.yaml"), folder) for folder in folders)
    found = [(study, pd.read_csv(folder / "data" / "runs.csv")) for study, folder in zip(studies, folders, strict=True)]
    return [(study, runs) for study, runs in found if len(study.looks) > 1 and len(study.seeds) == SEEDS]


HEAD = """\
<!-- Written by `python -m benchmarks.until_decided`; edit the program instead. -->
# Until decided, or twelve seeds: real studies

What `seeds: {{from: {first}, to: {last}}}` saves compared with {last} fixed seeds. In both designs all verdicts hold
jointly with 95% confidence, under the kinds of noise for which [calibration](calibration.md) shows it; this is why the
intervals of looks are wider.

## The studies below `reports/`

{saved}

## The same runs, judged both ways

These studies were trained with {last} seeds as the notebook does it, some of which start late; their scores are kept in
`recorded.csv`. Margin and metric are the study's.

"""


def both_ways() -> str:
    """The tables of the studies whose scores are kept."""
    found = [(*designs(load_study(Path("experiments") / f"{name}.yaml")), read_recorded(name)) for name in STUDIES]
    return "\n".join(line for fixed, sequential, runs in found for line in section(fixed, sequential, runs))


def main() -> None:
    PAGE.write_text(HEAD.format(first=FIRST, last=SEEDS, saved=saved(reported())) + both_ways())


if __name__ == "__main__":
    main()
