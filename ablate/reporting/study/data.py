"""The data of a report: what the record holds of a study, as plain files beside the report.

data/runs.csv      one row per run (`records.tables.load_results`)
data/epochs.csv    one row per epoch (`records.tables.load_epochs`)
data/looks.json    the seeds of each verdict that could be read so far (`earlier_looks`)
data/tuning.csv    the trials of each arm, where arms are tuned (`strategies.choices`)
data/references.json    what methods that are not trained reach on the test images of each arm's task
data/files.json    how many files of pictures each split of each arm's task has, in studies of pictures
data/image_errors.csv   how much other test images would change each difference (`image_errors`), if that is known
data/verified.csv  which runs were trained again to verify them, and what came of it (`verified`)
data/scenes.npz    some test scenes and the outputs of each arm's first seed for them: `<arm's number>.<kind>`
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from ablate.data.pictures import count_files
from ablate.data.references import Reference
from ablate.data.task import Split, Task
from ablate.errors import AblateError
from ablate.records.files import make_folder, write_atomic, write_json
from ablate.records.record import Record
from ablate.records.references import POINTS, has_references, load_references
from ablate.records.tables import load_epochs, load_results, read_course, read_scores
from ablate.reporting.study.earlier_looks import earlier_looks, record_look
from ablate.reporting.study.image_errors import (
    evaluation_task,
    find_image_errors,
    no_image_errors,
    read_image_errors,
    write_image_errors,
)
from ablate.reporting.study.reading import read_runs, read_table, reading
from ablate.reporting.study.verified import Verified, read_verified
from ablate.statistics.course import compare_all
from ablate.strategies.choices import ArmTuning, read_tuning
from ablate.studies.designs import Arm
from ablate.studies.planning import Design

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PICTURES = ("noisy", "clean", "denoised")
KINDS = (*PICTURES, "index", "mse")

Scenes = dict[str, "NDArray[Any]"]
Files = dict[Split, int]
FILES = TypeAdapter(dict[str, Files])


@dataclass(frozen=True)
class Data:
    """The tables and scenes of a study.

    Attributes:
        runs, epochs: the tables.
        scenes: of each arm whose outputs are recorded, the best, the median and the worst scene. `noisy`, `clean` and
            `denoised` are (scenes, C, H, W); `index`, `mse`: the scenes' numbers and the arm's errors, (scenes,).
        looks: the seeds of earlier reports, where they differ from the present ones.
        tuning: the trials of each arm, where arms are tuned.
        references: what methods that are not trained reach in the task of each arm; empty if that is not recorded.
        files: the number of files of each split, for arms with pictures of which it is recorded.
        source: where the scores come from, if no study trained the runs.
        image_errors: how much other test images would change each difference (`find_image_errors`).
        verified: the runs that were trained again as they are recorded now.
    """

    runs: pd.DataFrame
    epochs: pd.DataFrame
    scenes: dict[str, Scenes]
    looks: list[tuple[int, ...]] = field(default_factory=list)
    tuning: list[ArmTuning] = field(default_factory=list)
    references: dict[str, dict[str, Reference]] = field(default_factory=dict)
    files: dict[str, Files] = field(default_factory=dict)
    source: str = ""
    image_errors: pd.DataFrame = field(default_factory=no_image_errors)
    verified: list[Verified] = field(default_factory=list)


def export(design: Design, record: Record, folder: Path) -> None:
    """Write what the record holds of a study into `folder`/data, and record the look if verdicts can be read.

    Raises:
        AblateError: the record has adopted runs, and the data that hold their scenes are damaged.
    """
    scenes = _scenes(design, record, _adopted_scenes(design, record, folder / "data"))
    references = {arm.name: load_references(record.root, evaluation_task(arm)) for arm in design.arms}
    pictures = {arm.name: arm.settings.data for arm in design.arms if arm.settings.data.source == "images"}
    runs = load_results(design, record)
    data = Data(
        runs=runs,
        epochs=load_epochs(design, record),
        scenes=scenes,
        references=references,
        files={arm: count_files(settings) for arm, settings in pictures.items()},
        image_errors=find_image_errors(design, record, runs, _adopted_from(record, runs.run, folder / "data")),
    )
    write(design, data, folder)
    course, scores = read_course(design, data.runs), read_scores(design, data.runs)
    if any(c.verdict != "waiting" for c in compare_all(course, scores, design.against).values()):
        record_look(design, folder)


def lacks_references(design: Design, record: Record) -> bool:
    """Whether `export` has to compute reference points first, which can take a minute."""
    return not all(has_references(record.root, evaluation_task(arm)) for arm in design.arms)


def write(design: Design, data: Data, folder: Path) -> None:
    """Write the tables and scenes of a study into `folder`/data."""
    make_folder(folder / "data")
    write_atomic(folder / "data" / "epochs.csv", data.epochs.to_csv(index=False).encode())
    numbers = {arm.name: number for number, arm in enumerate(design.arms)}
    arrays = {f"{numbers[arm]}.{kind}": x for arm, scenes in data.scenes.items() for kind, x in scenes.items()}
    scenes = io.BytesIO()
    np.savez_compressed(scenes, **arrays)  # type: ignore[arg-type]
    write_atomic(folder / "data" / "scenes.npz", scenes.getvalue())
    write_json(folder / "data" / "references.json", _as_json(data.references))
    if data.files:
        write_json(folder / "data" / "files.json", data.files)
    write_image_errors(data.image_errors, folder / "data")
    write_atomic(folder / "data" / "runs.csv", data.runs.to_csv(index=False).encode())


def pick_scenes(mse: ArrayLike) -> list[int]:
    """The indices of the scenes with the lowest, the (lower) median and the highest error, from (runs, scenes) errors.

    Errors are averaged over the runs; of one or two scenes, each is returned once.
    """
    order = np.argsort(np.mean(np.atleast_2d(mse), axis=0), kind="stable").tolist()
    return list(dict.fromkeys([order[0], order[(len(order) - 1) // 2], order[-1]]))


def _scenes(design: Design, record: Record, adopted: dict[str, Scenes]) -> dict[str, Scenes]:
    """The arrays of each arm's first seed. An arm without them has no scenes: those of another seed might be luckier.

    Arms of one task show the same scenes: those of an adopted arm, or else those picked by the errors of the task's
    references, or by the errors of all its arms if none of them is a reference.
    """
    scenes = {}
    indices = {task: _pick(design, record, members, adopted) for task, members in _by_task(design.arms).items()}
    for arm in design.arms:
        index = indices[evaluation_task(arm)]
        if arm.name in adopted:
            scenes[arm.name] = adopted[arm.name]
        elif first := record.arrays(arm.run(design.seeds[0]).id):
            images = {kind: first[kind][index] for kind in PICTURES}
            scenes[arm.name] = images | {"index": np.array(index), "mse": first["test_mse"][index]}
    return scenes


def _by_task(arms: Sequence[Arm]) -> dict[Task, list[Arm]]:
    found: dict[Task, list[Arm]] = {}
    for arm in arms:
        found.setdefault(evaluation_task(arm), []).append(arm)
    return found


def _pick(design: Design, record: Record, members: list[Arm], adopted: dict[str, Scenes]) -> list[int]:
    """The indices of the scenes to show for the arms of one task, among those whose outputs are recorded."""
    for arm in members:
        if arm.name in adopted:
            return list(adopted[arm.name]["index"])
    first = design.seeds[: design.looks[0].seeds]  # later looks may not include all arms
    for judges in ([arm for arm in members if arm.against is None], members):
        recorded = [record.arrays(arm.run(seed).id) for arm in judges for seed in first]
        errors = [arrays["test_mse"][: len(arrays["noisy"])] for arrays in recorded if arrays]
        if errors:
            return pick_scenes(errors)
    return []


def _adopted_scenes(design: Design, record: Record, data: Path) -> dict[str, Scenes]:
    """The scenes of each arm whose first run was adopted, from the study's own data or from the data it came from."""
    firsts = {arm.name: arm.run(design.seeds[0]).id for arm in design.arms}
    adopted = [arm for arm, run in firsts.items() if record.adopted_from(run)]
    by_run: dict[str, Scenes] = {}
    for folder in _adopted_from(record, firsts.values(), data):
        by_run |= _scenes_by_run(folder)
    return {arm: by_run[firsts[arm]] for arm in adopted if firsts[arm] in by_run}


def _adopted_from(record: Record, runs: Iterable[str], data: Path) -> list[Path]:
    """The data that some of the runs were adopted from; the study's own are last, since they take precedence."""
    sources = dict.fromkeys(source for run in runs if (source := record.adopted_from(run)))
    return [*(source for source in sources if source != data), data] if sources else []


def _scenes_by_run(data: Path) -> dict[str, Scenes]:
    """The scenes in a data folder by the run that made them, whichever version of its study the folder belongs to."""
    if not (data / "scenes.npz").exists():
        return {}
    runs = read_table(data / "runs.csv")
    with reading(data / "runs.csv"):
        firsts = runs.drop_duplicates("arm").set_index("arm").run
    with reading(data / "scenes.npz"):
        by_arm = _read_scenes(list(firsts.index), data / "scenes.npz")
    return {firsts[arm]: scenes for arm, scenes in by_arm.items()}


def read(design: Design, folder: Path) -> Data:
    """Read the data that `export` wrote.

    Raises:
        AblateError: there are none, or they belong to another version of the study or of this program.
    """
    data = folder / "data"
    if not (data / "runs.csv").exists():
        raise AblateError(f"{data}: no data of this study; run `ablate sweep` to write them")
    runs = read_runs(data / "runs.csv")
    with reading(data / "runs.csv"):
        recorded = list(zip(runs.arm, runs.seed, runs.run, strict=True))
    if recorded != [(c.arm.name, c.seed, c.run.id) for c in design.cells]:
        raise AblateError(f"{data}: data of another version of this study; run `ablate sweep` to write them again")
    with reading(data / "scenes.npz"):
        scenes = _read_scenes([arm.name for arm in design.arms], data / "scenes.npz")
    epochs, image_errors = read_table(data / "epochs.csv"), read_image_errors(data)
    return Data(
        runs,
        epochs,
        scenes,
        looks=earlier_looks(design, folder),
        tuning=read_tuning(design, folder),
        references=read_references(data / "references.json"),
        files=_read_files(data / "files.json"),
        image_errors=image_errors,
        verified=read_verified(data, runs),
    )


def _read_files(path: Path) -> dict[str, Files]:
    """The number of files by arm and split; empty if it was not recorded."""
    if not path.exists():
        return {}
    with reading(path):
        return FILES.validate_json(path.read_bytes())


def _as_json(references: dict[str, dict[str, Reference]]) -> dict[str, Any]:
    return {arm: {name: point._asdict() for name, point in points.items()} for arm, points in references.items()}


def read_references(path: Path) -> dict[str, dict[str, Reference]]:
    """The reference points by arm; empty for data that were written before there were any."""
    if not path.exists():
        return {}
    with reading(path):
        return {arm: POINTS.validate_python(points) for arm, points in json.loads(path.read_bytes()).items()}


def _read_scenes(names: list[str], path: Path) -> dict[str, Scenes]:
    """The scenes by arm; `names` are all arms, in the order by which the file numbers them."""
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
        scenes = {
            arm: {kind: arrays[name] for kind in KINDS if (name := f"{number}.{kind}") in arrays}
            for number, arm in enumerate(names)
        }
    if any(arrays and len(arrays) < len(KINDS) for arrays in scenes.values()):
        raise AblateError(f"{path}: written by an older version of ablate; run `ablate sweep` to write it again")
    return {name: arrays for name, arrays in scenes.items() if arrays}
