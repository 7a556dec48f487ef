"""Gives runs that recipe 1 recorded the ids that they have in recipe 2.

    python -m benchmarks.recipe_2 experiments/heads.yaml ...      # rewrites reports/heads/data

Recipe 2 has other defaults (`EARLIER`) and the same code, so a run that named them has the same bits without naming
them. Only its id is another one, in every table of its report's data. A study's file is read as it is now: what it left
to the earlier defaults has to be named in it first.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from ablate import settings
from ablate.overrides import resolve
from ablate.records.files import read_json, write_atomic, write_json
from ablate.reporting.study.page import report_folder
from ablate.settings import DEFAULTS, Run
from ablate.strategies.choices import read_tuning, tuned
from ablate.studies.loading import load_study
from ablate.studies.planning import Design

EARLIER: dict[str, Any] = {"model.head_init": "torch", "training.statistics": "running"}
"""The defaults of recipe 1 that recipe 2 changed."""

ID = re.compile(r"\b[0-9a-f]{16}\b")


@contextmanager
def recipe_1() -> Iterator[None]:
    """A context in which runs have the ids that recipe 1 gave them."""
    with mock.patch.multiple(settings, RECIPE=1, DEFAULTS=DEFAULTS | EARLIER):
        yield


def find_id(run: Run) -> str:
    """The id of a run by the present recipe; a `Run` keeps the first id that it has computed."""
    return Run(model=run.model, data=run.data, training=run.training, seed=run.seed).id


def earlier_id(run: Run) -> str:
    """The id that recipe 1 gave a run."""
    with recipe_1():
        return find_id(run)


def runs_of(design: Design, folder: Path) -> Iterator[Run]:
    """The runs of a study whose report is in `folder`: of its seeds and, where arms are tuned, of their trials."""
    for tuning in read_tuning(design, folder):
        search = tuning.search
        yield from (resolve(search.base | trial.overrides, search.variants).run(search.seed) for trial in tuning.trials)
    yield from tuned(design, folder).runs


def migrate(design: Design, folder: Path) -> int:
    """Write the new ids into the data of a report; returns how many runs got one.

    Raises:
        NotTunedError: arms are tuned, and what they chose is not there, or has its new ids already.
    """
    with recipe_1():
        runs = list(runs_of(design, folder))
    new = {earlier_id(run): find_id(run) for run in runs}
    found: set[str] = set()

    def replaced(text: str) -> str:
        found.update(set(ID.findall(text)) & set(new))
        return ID.sub(lambda match: new.get(match[0], match[0]), text)

    for path in sorted(folder.glob("data/*.csv")):
        write_atomic(path, replaced(path.read_text()).encode())
    looks = folder / "data" / "looks.json"
    entries = json.loads(replaced(json.dumps(read_json(looks) or [])))
    write_json(looks, [entry | {"runs": sorted(entry["runs"])} for entry in entries])
    return len(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("studies", nargs="+", type=Path, help="the files of studies whose reports recipe 1 wrote")
    for path in parser.parse_args().studies:
        design = load_study(path)
        folder = report_folder(design)
        print(f"{path}: {migrate(design, folder)} runs have new ids in {folder / 'data'}")


if __name__ == "__main__":
    main()
