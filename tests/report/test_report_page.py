"""The report of the tiny study: written from its data alone, the same bytes each time."""

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from conftest import write_tiny_study

from ablate.errors import AblateError
from ablate.executors.inprocess import InProcessExecutor
from ablate.loading import load_study
from ablate.planning import plan
from ablate.record import Record
from ablate.report.data import export, read
from ablate.report.figures import arm_colours, difference_bars, learning_curves, sample_rows
from ablate.report.model import build
from ablate.report.page import render, write_report
from ablate.results import load_epochs, load_results
from ablate.sources.fixed import Fixed
from ablate.study import Study
from ablate.sweep import sweep
from ablate.training.events import Failed, Started

FILES = ("README.md", "figures/differences.svg", "figures/curves.svg", "figures/samples.svg")


@pytest.fixture(scope="module")
def report(swept: tuple[Path, Study], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study]:
    """The report's folder; not to be changed."""
    folder, study = swept
    target = tmp_path_factory.mktemp("reports") / study.name
    export(study, Record(folder / ".ablate"), target)
    write_report(study, target)
    return target, study


def test_the_data_are_the_record(report: tuple[Path, Study], swept: tuple[Path, Study]) -> None:
    record = Record(swept[0] / ".ablate")
    data = read(report[1], report[0])
    numbers = [name for name in data.runs.columns if "/" in name and not name.startswith("env/")]
    pd.testing.assert_frame_equal(data.runs[numbers], load_results(report[1], record)[numbers], check_dtype=False)
    pd.testing.assert_frame_equal(data.epochs, load_epochs(report[1], record))


def test_each_arm_has_its_scenes(report: tuple[Path, Study]) -> None:
    scenes = read(report[1], report[0]).scenes
    assert {name: {kind: x.shape for kind, x in arm.items()} for name, arm in scenes.items()} == {
        name: dict.fromkeys(("noisy", "clean", "denoised"), (4, 1, 16, 16)) for name in ("with", "without")
    }
    np.testing.assert_array_equal(scenes["with"]["clean"], scenes["without"]["clean"])


def test_the_same_data_give_the_same_bytes(report: tuple[Path, Study], tmp_path: Path) -> None:
    folder, study = report
    shutil.copytree(folder / "data", tmp_path / "data")
    write_report(study, tmp_path)
    assert [(tmp_path / name).read_bytes() for name in FILES] == [(folder / name).read_bytes() for name in FILES]


def test_exporting_again_gives_the_same_bytes(
    report: tuple[Path, Study], swept: tuple[Path, Study], tmp_path: Path
) -> None:
    export(swept[1], Record(swept[0] / ".ablate"), tmp_path)
    for path in (tmp_path / "data").iterdir():
        assert (report[0] / "data" / path.name).read_bytes() == path.read_bytes()


def test_without_data_the_user_is_told_what_to_do(report: tuple[Path, Study], tmp_path: Path) -> None:
    with pytest.raises(AblateError, match="ablate sweep"):
        write_report(report[1], tmp_path)


def test_every_figure_of_the_page_exists_and_is_well_formed(report: tuple[Path, Study]) -> None:
    figures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (report[0] / "README.md").read_text())
    assert set(figures) == set(FILES[1:])
    assert all(ElementTree.parse(report[0] / name).getroot().tag.endswith("svg") for name in figures)


def test_the_tables_of_the_page_are_regular(report: tuple[Path, Study]) -> None:
    tables = re.findall(r"((?:^\|.*\n)+)", (report[0] / "README.md").read_text(), flags=re.MULTILINE)
    assert len(tables) == 2
    for table in tables:
        assert len({len(re.split(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_the_page_shows_every_seeds_value(report: tuple[Path, Study]) -> None:
    text, runs = (report[0] / "README.md").read_text(), read(report[1], report[0]).runs
    assert all(f"| {score:.2f} |" in text for score in runs["test/psnr"])


def test_the_page_states_the_answer_the_level_and_the_commit(report: tuple[Path, Study]) -> None:
    text, page = (report[0] / "README.md").read_text(), build(report[1], read(report[1], report[0]))
    assert f"**{page.answer}**" in text
    assert "95.00%" in text
    assert f"commit {page.provenance['commit']}" in text


def curve(points: list[tuple[int, int, float]]) -> pd.DataFrame:
    return pd.DataFrame(points, columns=["seed", "epoch", "val/psnr"]).assign(arm="a")


def test_a_learning_curve_ends_where_its_first_run_diverged() -> None:
    curves = learning_curves(curve([(0, 1, 20.0), (0, 2, 22.0), (1, 1, 24.0)]))
    assert curves.epoch.tolist() == [1]


def test_learning_curves_are_the_mean_and_range_over_seeds() -> None:
    epochs = curve([(0, 1, 20.0), (0, 2, 22.0), (1, 1, 24.0), (1, 2, 23.0)])
    curves = learning_curves(epochs)
    assert curves[["mean", "min", "max"]].to_numpy().tolist() == [[22, 20, 24], [22.5, 22, 23]]


def test_the_differences_figure_shows_each_seeds_difference(report: tuple[Path, Study]) -> None:
    page = build(report[1], read(report[1], report[0]))
    (bar,) = difference_bars(page)
    assert bar.seeds == pytest.approx((page.scores["without"] - page.scores["with"]).tolist())
    assert bar.mean == pytest.approx(sum(bar.seeds) / 2)


def test_a_reference_is_black_and_arms_keep_their_colours(report: tuple[Path, Study]) -> None:
    colours = arm_colours(build(report[1], read(report[1], report[0])))
    assert colours["with"] == "black"
    assert len(set(colours.values())) == 2


def test_the_sample_rows_are_the_scenes_and_then_each_arm_with_its_error(report: tuple[Path, Study]) -> None:
    data = read(report[1], report[0])
    scenes, *outputs = sample_rows(build(report[1], data), data)
    assert scenes.titles == ("noisy", "clean")
    assert [row.label.split("\n")[0] for row in outputs] == ["with", "without"]
    output, error = outputs[1].pairs[2]
    np.testing.assert_allclose(output - error, scenes.pairs[2][1], atol=1e-6)


def test_data_of_another_version_of_the_study_are_not_reported_as_this_ones(report: tuple[Path, Study]) -> None:
    folder, study = report
    longer = study.model_copy(update={"base": study.base | {"training.epochs": 9}})
    with pytest.raises(AblateError, match="another version"):
        write_report(longer, folder)


def test_a_study_of_which_every_run_failed_has_a_report(swept: tuple[Path, Study], tmp_path: Path) -> None:
    study, record = swept[1], Record(tmp_path / ".ablate")
    for run in plan(study):
        record.take(run, Started(0, "cpu"))
        record.take(run, Failed("out of memory"))
    export(study, record, tmp_path)
    page = write_report(study, tmp_path)
    assert [missing.status for missing in page.missing] == ["failed"] * 4
    assert [row.outcomes for row in page.rows] == ["2 failed", "2 failed"]


def test_a_diverged_run_is_shown_with_its_epoch(tmp_path: Path) -> None:
    write_tiny_study(tmp_path)
    (tmp_path / "tiny.yaml").write_text((tmp_path / "tiny.yaml").read_text().replace("rate: 0.01", "rate: 1.0e+30"))
    study = load_study(tmp_path / "tiny.yaml")
    record = Record(tmp_path / ".ablate")
    sweep(Fixed(plan(study)), InProcessExecutor(), record)
    assert {record.status(run.id) for run in plan(study)} == {"diverged"}
    export(study, record, tmp_path)
    page = build(study, read(study, tmp_path))
    assert [row.outcomes for row in page.rows] == ["2 diverged", "2 diverged"]
    epoch = int(record.result(plan(study)[0].id)["results"]["diverged/epoch"])
    assert page.diverged[0] == f"with seed 0 (in epoch {epoch})"
    assert page.diverged[0] in render(page)
