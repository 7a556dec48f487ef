"""What a report is made from: the record's part of a study, as plain files beside the report.

data/runs.csv      one row per run (`results.load_results`)
data/epochs.csv    one row per epoch (`results.load_epochs`)
data/looks.json    the seeds with which there was a verdict to see so far (`earlier_looks`)
data/tuning.csv    what each arm chose before, where arms are tuned (`tuning`)
data/scenes.npz    some test scenes and what each arm's first seed made of them: `<arm's number>.<kind>`
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from ablate.errors import AblateError
from ablate.records.files import make_folder, write_atomic
from ablate.records.record import Record
from ablate.records.tables import load_epochs, load_results, read_course, read_scores
from ablate.reporting.study.earlier_looks import earlier_looks, note_look
from ablate.scenes import Task
from ablate.statistics.course import compare_all
from ablate.strategies.choices import ArmTuning, read_tuning
from ablate.studies.designs import Arm
from ablate.studies.planning import Design

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PICTURES = ("noisy", "clean", "denoised")
KINDS = (*PICTURES, "index", "mse")

Scenes = dict[str, "NDArray[Any]"]


@dataclass(frozen=True)
class Data:
    """The tables, and for each arm that has them its scenes: the best, the median and the worst.

    `noisy`, `clean`, `denoised`: each (scenes, C, H, W); `index`, `mse`: which test scenes these are, and the arm's
    error on each, (scenes,). `tuning` is what the arms chose before, where they did; `looks` are the
    seeds of earlier reports, where these were others than now.
    """

    runs: pd.DataFrame
    epochs: pd.DataFrame
    scenes: dict[str, Scenes]
    looks: list[tuple[int, ...]] = field(default_factory=list)
    tuning: list[ArmTuning] = field(default_factory=list)


def export(design: Design, record: Record, folder: Path) -> None:
    """Write what the record holds of a study into `folder`/data, and note the look that a reader then has.

    Raises:
        AblateError: the record has runs that were adopted, and the data that have their scenes are damaged.
    """
    scenes = _scenes(design, record, _adopted_scenes(design, record, folder / "data"))
    data = Data(load_results(design, record), load_epochs(design, record), scenes)
    write(design, data, folder)
    course, scores = read_course(design, data.runs), read_scores(design, data.runs)
    if any(c.verdict != "waiting" for c in compare_all(course, scores, design.against).values()):
        note_look(design, folder)


def write(design: Design, data: Data, folder: Path) -> None:
    """Write the tables and scenes of a study into `folder`/data."""
    make_folder(folder / "data")
    write_atomic(folder / "data" / "epochs.csv", data.epochs.to_csv(index=False).encode())
    numbers = {arm.name: number for number, arm in enumerate(design.arms)}
    arrays = {f"{numbers[arm]}.{kind}": x for arm, scenes in data.scenes.items() for kind, x in scenes.items()}
    scenes = io.BytesIO()
    np.savez_compressed(scenes, **arrays)  # type: ignore[arg-type]
    write_atomic(folder / "data" / "scenes.npz", scenes.getvalue())
    write_atomic(folder / "data" / "runs.csv", data.runs.to_csv(index=False).encode())


def telling_scenes(mse: ArrayLike) -> list[int]:
    """The scenes with the lowest, the (lower) median and the highest error, from (runs, scenes) errors.

    The runs' errors are averaged; fewer scenes than three give each of them once.
    """
    order = np.argsort(np.mean(np.atleast_2d(mse), axis=0), kind="stable").tolist()
    return list(dict.fromkeys([order[0], order[(len(order) - 1) // 2], order[-1]]))


def _scenes(design: Design, record: Record, adopted: dict[str, Scenes]) -> dict[str, Scenes]:
    """The arrays of each arm's first seed; none where that run has none, rather than those of a luckier seed.

    Arms of one task show the same scenes: those that `adopted` arms show, or else those told by the errors of its
    references, or of all its arms if it has none.
    """
    found, settled = {}, design.arms
    chosen = {task: _chosen(design, record, members, adopted) for task, members in _by_task(settled).items()}
    for arm in settled:
        index = chosen[_task(arm)]
        if arm.name in adopted:
            found[arm.name] = adopted[arm.name]
        elif first := record.arrays(arm.run(design.seeds[0]).id):
            shown = {kind: first[kind][index] for kind in PICTURES}
            found[arm.name] = shown | {"index": np.array(index), "mse": first["test_mse"][index]}
    return found


def _task(arm: Arm) -> Task:
    return Task.of(arm.settings.model, arm.settings.data)


def _by_task(settled: Sequence[Arm]) -> dict[Task, list[Arm]]:
    return {task: [arm for arm in settled if _task(arm) == task] for task in map(_task, settled)}


def _chosen(design: Design, record: Record, members: list[Arm], adopted: dict[str, Scenes]) -> list[int]:
    """The telling ones of the scenes whose outputs are recorded, for the arms of one task."""
    for arm in members:
        if arm.name in adopted:
            return list(adopted[arm.name]["index"])
    first = design.seeds[: design.looks[0].seeds]  # of more seeds, some arms may have none
    for judges in ([arm for arm in members if arm.against is None], members):
        found = [record.arrays(arm.run(seed).id) for arm in judges for seed in first]
        errors = [arrays["test_mse"][: len(arrays["noisy"])] for arrays in found if arrays]
        if errors:
            return telling_scenes(errors)
    return []


def _adopted_scenes(design: Design, record: Record, data: Path) -> dict[str, Scenes]:
    """What the first run of an arm shows, where it was adopted: as in the study's own data, or where it came from."""
    firsts = {arm.name: arm.run(design.seeds[0]).id for arm in design.arms}
    sources = {arm: source for arm, run in firsts.items() if (source := record.adopted_from(run))}
    held: dict[str, Scenes] = {}
    others = dict.fromkeys(source for source in sources.values() if source != data)
    for folder in [*others, data] if sources else []:  # the study's own data last, whatever else holds the same runs
        held |= _scenes_by_run(folder)
    return {arm: held[firsts[arm]] for arm in sources if firsts[arm] in held}


def _scenes_by_run(data: Path) -> dict[str, Scenes]:
    """The scenes that data hold, by the run that made them: whatever version of its study they belong to."""
    if not (data / "scenes.npz").exists():
        return {}
    runs = read_table(data / "runs.csv")
    with _whole(data / "runs.csv"):
        firsts = runs.drop_duplicates("arm").set_index("arm").run
    with _whole(data / "scenes.npz"):
        found = _read_scenes(list(firsts.index), data / "scenes.npz")
    return {firsts[arm]: scenes for arm, scenes in found.items()}


def read(design: Design, folder: Path) -> Data:
    """Read back what `export` wrote.

    Raises:
        AblateError: there is none, or it belongs to another version of the study or of this program.
    """
    data = folder / "data"
    if not (data / "runs.csv").exists():
        raise AblateError(f"{data}: there is no data of this study yet; `ablate sweep` writes it")
    runs = read_table(data / "runs.csv")
    with _whole(data / "runs.csv"):
        found = list(zip(runs.arm, runs.seed, runs.run, strict=True))
    if found != [(c.arm.name, c.seed, c.run.id) for c in design.cells]:
        raise AblateError(f"{data}: belongs to another version of this study; `ablate sweep` writes it again")
    with _whole(data / "scenes.npz"):
        scenes = _read_scenes([arm.name for arm in design.arms], data / "scenes.npz")
    epochs = read_table(data / "epochs.csv")
    return Data(runs, epochs, scenes, earlier_looks(design, folder), read_tuning(design, folder))


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Say of a file that cannot be read as what it should be that it is damaged."""
    try:
        yield
    except (OSError, EOFError, ValueError, KeyError, AttributeError, BadZipFile) as error:
        rule = "is damaged; `ablate sweep` writes it again, and so does `git restore`"
        raise AblateError(f"{path}: {rule} ({type(error).__name__}: {error})") from None


def _read_scenes(names: list[str], path: Path) -> dict[str, Scenes]:
    """The scenes by their arms, of which `names` are all, in the study's order."""
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
        found = {
            arm: {kind: arrays[name] for kind in KINDS if (name := f"{number}.{kind}") in arrays}
            for number, arm in enumerate(names)
        }
    if any(scenes and len(scenes) < len(KINDS) for scenes in found.values()):
        raise AblateError(f"{path}: was written by an older ablate; `ablate sweep` writes it again")
    return {name: scenes for name, scenes in found.items() if scenes}


def read_table(path: Path) -> pd.DataFrame:
    """What was text stays text: an arm may be called `none`, a commit may look like a number."""
    with _whole(path):
        header = pd.read_csv(path, nrows=0).columns
        text = {name: str for name in header if name in ("arm", "run", "status", "error") or name.startswith("env/")}
        return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
