"""Seeds until decided against a fixed number of them, on real studies: the verdicts of both, and their runs.

    python -m benchmarks.until_decided        # trains what is missing, hours; writes benchmarks/until_decided.md

Both designs share their runs: the fixed design is trained, and the looks of the other one are taken at its runs. The
studies are those in benchmarks/until_decided/; those of the same names in experiments/ may have changed since. Finished
runs are saved in <study>/data beside them one by one, and not trained again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from ablate.executors.devices import slot_devices
from ablate.executors.local import LocalExecutor
from ablate.metrics import METRICS
from ablate.pipeline.adoption import adopt
from ablate.pipeline.sweep import sweep
from ablate.records.lock import only_writer
from ablate.records.record import Record
from ablate.records.tables import load_epochs, load_results, read_course, read_scores
from ablate.reporting import REPORTS
from ablate.reporting.study.data import Data, write
from ablate.reporting.study.texts import comparison_texts
from ablate.settings import Run
from ablate.statistics.course import Course, compare_all
from ablate.statistics.verdicts import Comparison
from ablate.strategies.fixed import Fixed
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.studies.seeds import Until
from ablate.training.events import Ended, Event

STUDIES = ("skips", "heads", "depth")
FIRST, LAST = 3, 12
PAGE = Path(__file__).with_suffix(".md")
DATA = Path(__file__).with_suffix("")


def load(name: str) -> Design:
    """The study of this name, as it was when its runs were trained."""
    return load_study(DATA / f"{name}.yaml")


def designs(study: Design) -> tuple[Design, Design]:
    """A study with a fixed number of seeds, and until it is decided."""
    until = Until.model_validate({"from": FIRST, "to": LAST})
    return study.with_changes(requested_seeds=LAST), study.with_changes(requested_seeds=until)


def results(study: Design) -> pd.DataFrame:
    """A row per run of the fixed design; trains what neither the record nor earlier calls nor the reports have."""
    record = Record()

    def listen(run: Run, event: Event) -> None:
        if isinstance(event, Ended):
            print(f"{study.name}: {run.id} {event.status}")
            _keep(study, record)

    with only_writer(record.root, _waits):
        for folder in (DATA, REPORTS):
            adopt(study, record, folder)
        with LocalExecutor(slot_devices("auto", None)) as executor:
            sweep(Fixed(study.runs), executor, record, [listen])
    return _keep(study, record)


def _keep(study: Design, record: Record) -> pd.DataFrame:
    """Write the results of the study's runs so far, and return them."""
    runs = load_results(study, record)
    write(study, Data(runs, load_epochs(study, record), {}), DATA / study.name)
    return runs


def _waits() -> None:
    print("Another sweep is running here; waiting for it.")


def judge(study: Design, runs: pd.DataFrame) -> tuple[Course, dict[str, Comparison]]:
    course = read_course(study, runs)
    return course, compare_all(course, read_scores(study, runs), study.against)


def section(fixed: Design, sequential: Design, runs: pd.DataFrame) -> Iterator[str]:
    """A study's table: a line per arm."""
    (_, usual), (course, found) = judge(fixed, runs), judge(sequential, runs)
    used, planned = sum(course.needed.values()), len(runs)
    yield f"## {fixed.name}: {fixed.question}\n"
    yield f"{planned} runs with {LAST} fixed seeds, {used} until decided: {1 - used / planned:.0%} saved.\n"
    heads = (f"with {LAST} seeds", "difference, interval", "until decided", "difference, interval", "seeds")
    yield f"| arm | {' | '.join(heads)} |"
    yield "|---" * 6 + "|"
    for arm, c in usual.items():
        texts = [
            comparison_texts(one, METRICS[fixed.study.metric], fixed.study.margin).interval for one in (c, found[arm])
        ]
        yield f"| {arm} | {c.verdict} | {texts[0]} | {found[arm].verdict} | {texts[1]} | {found[arm].pairs} |"
    yield ""


HEAD = """\
<!-- Written by `python -m benchmarks.until_decided`; edit the program instead. -->
# Until decided, or twelve seeds: real studies

The studies in `until_decided/`, which train with the default settings, each judged once with {last} fixed seeds and
once with `seeds: {{from: {first}, to: {last}}}`; margin and metric are the study's. In both designs all verdicts hold
jointly with 95% confidence, under the kinds of noise for which [calibration](calibration.md) shows it; this is why the
intervals of looks are wider.

"""


def page(judged: Iterable[tuple[Design, Design, pd.DataFrame]]) -> str:
    """The page, in Markdown: both designs of each study, and their runs."""
    return HEAD.format(first=FIRST, last=LAST) + "\n".join(line for one in judged for line in section(*one))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", nargs="*", default=STUDIES, help=f"of {', '.join(STUDIES)}; default: all")
    both = [designs(load(name)) for name in parser.parse_args().studies]
    PAGE.write_text(page((fixed, sequential, results(fixed)) for fixed, sequential in both))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
