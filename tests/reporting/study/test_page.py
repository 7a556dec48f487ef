"""The report of the tiny study is written from its data alone, with the same bytes each time."""

import html
import json
import math
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ablate.executors.inprocess import InProcessExecutor
from ablate.pipeline.sweep import sweep
from ablate.records.record import Record
from ablate.reporting.markup.rendering import markdown
from ablate.reporting.study.answer import answer
from ablate.reporting.study.content import document
from ablate.reporting.study.data import Data, export, read, write
from ablate.reporting.study.headlines import headlines
from ablate.reporting.study.model import build
from ablate.reporting.study.page import write_report
from ablate.strategies.fixed import Fixed
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.training.events import Failed, Started
from tests.helpers import fabricated
from tests.helpers.commands import typed
from tests.helpers.stored import result_of
from tests.helpers.tiny import write_tiny_study

FIGURES = {f"figures/{name}.svg" for name in ("differences", "seeds", "cost", "curves", "samples")}
FILES = ("README.md", "report.html", "metrics.json", "verdicts.json", *sorted(FIGURES))


def test_the_same_data_give_the_same_bytes(report: tuple[Path, Design], tmp_path: Path) -> None:
    folder, study = report
    shutil.copytree(folder / "data", tmp_path / "data")
    write_report(study, tmp_path)
    assert [(tmp_path / name).read_bytes() for name in FILES] == [(folder / name).read_bytes() for name in FILES]


def test_every_figure_of_the_page_exists_and_is_well_formed(report: tuple[Path, Design]) -> None:
    figures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (report[0] / "README.md").read_text())
    assert set(figures) == FIGURES
    assert all(ElementTree.parse(report[0] / name).getroot().tag.endswith("svg") for name in figures)


def test_the_tables_of_the_page_are_regular(report: tuple[Path, Design]) -> None:
    tables = re.findall(r"((?:^\|.*\n)+)", (report[0] / "README.md").read_text(), flags=re.MULTILINE)
    assert len(tables) >= 5
    for table in tables:
        assert len({len(re.split(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_the_page_shows_every_seeds_value(report: tuple[Path, Design]) -> None:
    section = (report[0] / "README.md").read_text().split("## Every seed")[1].split("\n## ")[0]
    for arm, runs in read(report[1], report[0]).runs.groupby("arm"):
        row = next(line for line in section.splitlines() if line.startswith(f"| {arm} |"))
        shown = [float(cell) for cell in row.split(" | ")[1 : 1 + len(runs)]]
        assert shown == pytest.approx(list(runs.sort_values("seed")["test/psnr"]), abs=0.05)


def test_the_page_states_the_answer_the_level_and_the_commit(report: tuple[Path, Design]) -> None:
    page = build(report[1], read(report[1], report[0]))
    for text in ((report[0] / "README.md").read_text(), (report[0] / "report.html").read_text()):
        assert answer(page) in html.unescape(text)
        assert "95.00%" in text
        assert f"commit {page.provenance['commit']}" in text


def test_the_html_page_holds_every_figure_once(report: tuple[Path, Design]) -> None:
    text = (report[0] / "report.html").read_text()
    assert sorted(re.findall(r'<svg [^>]*\bid="(\w+)"', text)) == sorted(Path(name).stem for name in FIGURES)


def test_a_figure_that_has_nothing_to_show_any_more_is_removed(report: tuple[Path, Design], tmp_path: Path) -> None:
    shutil.copytree(report[0], tmp_path, dirs_exist_ok=True)
    (tmp_path / "figures" / "interactions.svg").write_text("<svg/>")
    write_report(report[1], tmp_path)
    assert {f"figures/{path.name}" for path in (tmp_path / "figures").iterdir()} == FIGURES


def test_the_headlines_are_finite_numbers_by_arm(report: tuple[Path, Design]) -> None:
    facts, page = json.loads((report[0] / "metrics.json").read_text()), build(report[1], read(report[1], report[0]))
    assert facts["arms"]["without"]["verdict"] == page.compared_arms[0][1].verdict
    assert facts["arms"]["without"]["difference"] == pytest.approx(page.compared_arms[0][1].difference, rel=1e-5)
    assert facts["arms"]["without"]["difference_sd"] == pytest.approx(page.compared_arms[0][1].sd, rel=1e-5)
    for row in page.rows:
        found = facts["arms"][row.name]
        assert (found["mean"], found["sd"]) == pytest.approx((row.level.mean, row.sd), rel=1e-5)
    assert "against" not in facts["arms"]["with"]


def test_infinite_numbers_are_left_out_of_the_headlines(tmp_path: Path) -> None:
    study = fabricated.grid_study(seeds=1)
    facts = headlines(build(study, fabricated.fabricate(study, lambda cell: 30.0)))
    arm = facts["arms"]["width=16, depth=1"]
    assert (arm["difference"], {"low", "high", "difference_sd"} & set(arm)) == (0.0, set())
    json.dumps(facts, allow_nan=False)


def test_a_study_of_which_every_run_failed_has_a_report(swept: tuple[Path, Design], tmp_path: Path) -> None:
    study, record = swept[1], Record(tmp_path / ".ablate")
    for run in study.runs:
        record.write_event(run, Started(0, "cpu"))
        record.write_event(run, Failed("out of memory"))
    export(study, record, tmp_path)
    page = write_report(study, tmp_path)
    assert [run.status for run in page.missing_runs] == ["failed"] * 4
    assert [row.outcomes for row in page.rows] == ["2 failed", "2 failed"]


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Both pages of a grid with claims, missing and diverged runs, and runs of two versions."""
    claim = {"arm": {"model.width": 16, "model.depth": 1}, "verdict": "worse"}
    study = fabricated.grid_study(expect=[claim])
    made = fabricated.fabricate(study, fabricated.grid_score)
    made.runs.loc[0, "env/torch"] = "2.13.0"
    folder = tmp_path_factory.mktemp("grid")
    write(study, made, folder)
    write_report(study, folder)
    return (folder / "README.md").read_text(), (folder / "report.html").read_text()


@pytest.mark.parametrize(
    "words",
    [
        "Warning.",
        "Some verdicts are waiting for missing runs: width=64, depth=8 seed 3: failed",
        "torch 2.13.0 and 2.14.1",
        '"width=16, depth=1" is worse than "width=16, depth=12": held',
        "Do the axes add up?",
        "model.width × model.depth",
        "undecided (bad runs)",
        "using the 4 of 5 seeds without a missing run",
        "that confidence held, with these exceptions: where the scores of a single cell are strongly skewed or rare",
        "17.30 (diverged)",
        "2 of 5",
        "rate of bad runs",
        "had a bad run in any arm, and the rate of such seeds could still be up to",
        "Seeds that would decide",
        "over test images",
        "training (s)",
        "Training took 5 h 15 min of device time in all.",
        "tags.",
    ],
)
def test_both_pages_of_a_grid_have_the_facts(grid: tuple[str, str], words: str) -> None:
    assert [words in html.unescape(text) for text in grid] == [True, True]


def test_a_contrast_with_a_bad_run_says_so(grid: tuple[str, str]) -> None:
    section = grid[0].split("## Do the axes add up?")[1].split("## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| width=")]
    assert ["(bad runs)" in line for line in lines] == ["depth=8" in line for line in lines]


def test_a_study_without_surprises_has_no_warning(report: tuple[Path, Design]) -> None:
    assert "Warning." not in (report[0] / "README.md").read_text()


@pytest.mark.parametrize(
    ("seconds", "heading", "cell", "text"),
    [(0.05, "s", "0.050", "0.80 s"), (50, "s", "50", "13 min"), (5000, "min", "83", "22 h 13 min")],
)
def test_training_times_can_be_read_at_any_size(seconds: float, heading: str, cell: str, text: str) -> None:
    study = fabricated.named_study(4, seeds=[0, 1, 2, 3])
    data = fabricated.fabricate(study, lambda cell: 30.0 + cell.seed)
    page = markdown(document(build(study, replace(data, runs=data.runs.assign(**{"cost/train_seconds": seconds})))))
    assert f"| training ({heading}) |" in page
    assert f"| {cell} |" in page
    assert "hours" not in page
    assert f"Training took {text} of device time" in page


def test_hostile_names_never_become_markup(tmp_path: Path) -> None:
    study = fabricated.named_study(4)
    write(study, fabricated.fabricate(study, fabricated.named_score), tmp_path)
    write_report(study, tmp_path)
    assert "<script" not in (tmp_path / "report.html").read_text()
    assert not re.search(r"(?<!\\)<(b|i|script)>", re.sub(r"`+.*?`+", "", (tmp_path / "README.md").read_text()))


def test_a_report_of_runs_that_all_diverged_is_written(tmp_path: Path) -> None:
    study = fabricated.grid_study(seeds=2)
    made = fabricated.fabricate(study, lambda cell: float("nan"))
    write(study, Data(made.runs, made.epochs.iloc[:0], made.scenes), tmp_path)
    assert {row.comparison.verdict for row in write_report(study, tmp_path).rows if row.comparison} == {"undecided"}


def test_a_diverged_run_is_shown_with_its_epoch(tmp_path: Path) -> None:
    write_tiny_study(tmp_path)
    (tmp_path / "tiny.yaml").write_text((tmp_path / "tiny.yaml").read_text().replace("rate: 0.01", "rate: 1.0e+30"))
    study = load_study(tmp_path / "tiny.yaml")
    record = Record(tmp_path / ".ablate")
    sweep(Fixed(study.runs), InProcessExecutor(), record)
    assert {record.status(run.id) for run in study.runs} == {"diverged"}
    export(study, record, tmp_path)
    page = write_report(study, tmp_path)
    assert [row.outcomes for row in page.rows] == ["2 diverged", "2 diverged"]
    epoch = int(result_of(record, study.runs[0].id).results["diverged/epoch"])
    assert page.divergences[0] == f'"with" seed 0 (in epoch {epoch})'
    assert page.divergences[0] in (tmp_path / "README.md").read_text()


def test_a_study_judged_by_a_score_that_no_run_has_waits_and_shows_its_samples(tmp_path: Path) -> None:
    study = fabricated.named_study(4, metric="test/ssim", margin=0.01)
    data = fabricated.fabricate(study, fabricated.named_score)
    runs = data.runs.drop(columns=[name for name in data.runs.columns if name.endswith("/ssim")])
    write(study, replace(data, runs=runs, epochs=data.epochs.drop(columns="val/ssim")), tmp_path)
    page = write_report(study, tmp_path)
    assert {c.verdict for _, c in page.compared_arms} == {"waiting"}
    assert [row.seeds for row in page.rows] == [3] * 4
    assert all(math.isnan(row.level.mean) for row in page.rows)
    assert {path.stem for path in (tmp_path / "figures").glob("*.svg")} == {"samples"}


def test_scores_that_no_run_has_do_not_change_the_page_of_another_score(tmp_path: Path) -> None:
    study = fabricated.named_study(4)
    data = fabricated.fabricate(study, fabricated.named_score)
    fewer = data.runs.drop(columns=[name for name in data.runs.columns if name.endswith("/ssim")])
    assert document(build(study, replace(data, runs=fewer))) == document(build(study, data))


def test_the_command_for_latex_can_be_typed_in_the_folder_of_the_project(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch
) -> None:
    record, _ = swept_copy
    folder = Path("my studies")
    folder.mkdir()
    study = load_study(Path("tiny.yaml").rename(folder / "tiny.yaml"))
    export(study, record, Path("reports/tiny"))
    write_report(study, Path("reports/tiny"))
    (command,) = re.findall(r"`(ablate report .* --latex)`", Path("reports/tiny/README.md").read_text())
    assert shlex.split(command) == ["ablate", "report", "my studies/tiny.yaml", "--latex"]
    assert typed(*shlex.split(command)[1:], monkeypatch=monkeypatch) == 0
