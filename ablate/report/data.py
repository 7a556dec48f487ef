"""What a report is made from: the record's part of a study, as plain files beside the report.

data/runs.csv      one row a run (`results.load_results`)
data/epochs.csv    one row an epoch (`results.load_epochs`)
data/looks.json    the seeds of each report so far (`looks`)
data/scenes.npz    the first test scenes and each arm's outputs, for its first seed: `<arm's number>.<kind>`
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ablate.errors import AblateError
from ablate.files import make_folder, write_atomic
from ablate.planning import arms, cells
from ablate.record import Record
from ablate.report.looks import earlier_looks
from ablate.results import load_epochs, load_results
from ablate.study import Study

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("noisy", "clean", "denoised")
SCENES = 4
"""Scenes that a report shows of each arm."""

REPORTS = Path("reports")

Scenes = dict[str, "NDArray[np.floating]"]


@dataclass(frozen=True)
class Data:
    """The tables, and for each arm that has them its scenes: `noisy`, `clean`, `denoised`, each (scenes, C, H, W).

    `looks` are the seeds of earlier reports, where these were others than now.
    """

    runs: pd.DataFrame
    epochs: pd.DataFrame
    scenes: dict[str, Scenes]
    looks: Sequence[tuple[int, ...]] = ()


def export(study: Study, record: Record, folder: Path) -> None:
    """Write what the record holds of a study into `folder`/data."""
    data = folder / "data"
    make_folder(data)
    scenes = io.BytesIO()
    np.savez_compressed(scenes, **_scenes(study, record))  # type: ignore[arg-type]
    write_atomic(data / "scenes.npz", scenes.getvalue())
    write_atomic(data / "epochs.csv", load_epochs(study, record).to_csv(index=False).encode())
    write_atomic(data / "runs.csv", load_results(study, record).to_csv(index=False).encode())


def _scenes(study: Study, record: Record) -> Scenes:
    """The arrays of each arm's first seed; none where that run has none, rather than those of a luckier seed."""
    arrays: Scenes = {}
    for number, arm in enumerate(arms(study)):
        first = record.arrays(arm.run(study.seeds[0]).id)
        arrays |= {f"{number}.{kind}": first[kind][:SCENES] for kind in KINDS if kind in first}
    return arrays


def read(study: Study, folder: Path) -> Data:
    """Read back what `export` wrote.

    Raises:
        AblateError: there is none, or it belongs to another version of the study.
    """
    data = folder / "data"
    if not (data / "runs.csv").exists():
        raise AblateError(f"{data}: there is no data of this study yet; `ablate sweep` writes it")
    runs = _read_csv(data / "runs.csv")
    if list(zip(runs.arm, runs.seed, runs.run, strict=True)) != [(c.arm.name, c.seed, c.run.id) for c in cells(study)]:
        raise AblateError(f"{data}: belongs to another version of this study; `ablate sweep` writes it again")
    with np.load(data / "scenes.npz", allow_pickle=False) as arrays:
        scenes = {
            arm.name: {kind: arrays[f"{number}.{kind}"] for kind in KINDS}
            for number, arm in enumerate(arms(study))
            if f"{number}.noisy" in arrays
        }
    return Data(runs, _read_csv(data / "epochs.csv"), scenes, earlier_looks(study, folder))


def _read_csv(path: Path) -> pd.DataFrame:
    """What was text stays text: an arm may be called `none`, a commit may look like a number."""
    header = pd.read_csv(path, nrows=0).columns
    text = {name: str for name in header if name in ("arm", "run", "status", "error") or name.startswith("env/")}
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
