"""What a report says about other test images: from the recorded errors, kept when runs are adopted."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ablate.pipeline.adoption import adopt
from ablate.records.record import Record
from ablate.records.tables import load_results, read_course
from ablate.reporting.study.data import export, read
from ablate.reporting.study.image_errors import COLUMNS, IMAGE_ERRORS, find_image_errors, mean_errors
from ablate.reporting.study.page import write_report
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.training.events import Ended, Started
from tests.helpers.tiny import write_tiny_study

HOME = Path("reports/tiny")
SENTENCE = 'other test images would change a difference by about the number in the column "± over test images"'


def write(design: Design) -> pd.DataFrame:
    """Export the record of the current folder; returns the table, without rows if there is none."""
    export(design, Record(), HOME)
    return read(design, HOME).image_errors


@pytest.mark.parametrize(("metric", "tolerance"), [("test/mse", 0.06), ("test/psnr", 0.3), ("test/gain", 0.3)])
def test_each_error_is_that_of_drawing_test_images(
    swept_copy: tuple[Record, Design], metric: str, tolerance: float
) -> None:
    """There are only 16 images, so the bootstrap is further away where the score is not linear in their errors."""
    record, design = swept_copy[0], swept_copy[1].with_changes(metric=metric)
    table = write(design)
    assert table[["arm", "against", "seed"]].to_numpy().tolist() == [["without", "with", 0], ["without", "with", 1]]
    errors = [record.arrays(arm.run(seed).id)["test_mse"] for seed in (0, 1) for arm in design.arms]

    def difference(*samples: np.ndarray, axis: int) -> np.ndarray:
        means = [sample.mean(axis, np.float64) for sample in samples]
        scores = means if metric == "test/mse" else [-10 * np.log10(mean) for mean in means]
        pairs = zip(scores[::2], scores[1::2], strict=True)
        return np.asarray(np.mean([arm - reference for reference, arm in pairs], axis=0))

    for found, samples in ((table.error[1], errors[2:]), (table.mean_error[1], errors)):
        expected = stats.bootstrap(samples, difference, paired=True, n_resamples=4000, method="basic", rng=1)
        assert found == pytest.approx(expected.standard_error, rel=tolerance)
    assert table.mean_error[0] == table.error[0]


def test_the_report_says_how_much_other_images_would_change_a_difference(swept_copy: tuple[Record, Design]) -> None:
    design = swept_copy[1]
    table = write(design)
    write_report(design, HOME)
    facts = json.loads((HOME / "metrics.json").read_text())["arms"]
    assert facts["without"]["difference_image_error"] == pytest.approx(table.mean_error[1])
    assert "difference_image_error" not in facts["with"]
    assert SENTENCE in (HOME / "README.md").read_text()


def test_a_difference_that_other_images_could_turn_is_named(swept_copy: tuple[Record, Design]) -> None:
    design = swept_copy[1]
    table = write(design)
    for error, named in ((100.0, True), (1e-6, False)):
        table.assign(mean_error=error).to_csv(HOME / "data" / IMAGE_ERRORS, index=False)
        write_report(design, HOME)
        text = (HOME / "README.md").read_text()
        assert ('change the sign of a difference below twice that: "without".' in text) == named


def test_adopted_runs_keep_their_errors(swept_copy: tuple[Record, Design], tmp_path: Path) -> None:
    design = swept_copy[1]
    write(design)
    before = (HOME / "data" / IMAGE_ERRORS).read_bytes()
    clone = Record(tmp_path / "clone")
    assert len(adopt(design, clone)) == 4
    for _ in range(2):
        export(design, clone, HOME)
        assert (HOME / "data" / IMAGE_ERRORS).read_bytes() == before
    other = load_study(write_tiny_study(Path(), "other.yaml"))
    export(other, clone, Path("reports/other"))
    assert (Path("reports/other/data") / IMAGE_ERRORS).read_bytes() == before


def test_a_seed_whose_images_are_unknown_leaves_the_mean_unknown(
    swept_copy: tuple[Record, Design], tmp_path: Path
) -> None:
    trained, design = swept_copy
    before = write(design)
    clone = Record(tmp_path / "clone")
    adopt(design, clone)
    more = load_study(write_tiny_study(Path(), seeds="3"))
    for arm in more.arms:  # the third seed is trained here, though only with what the first one found
        run, source = arm.run(2), arm.run(0).id
        clone.write_event(run, Started(0, "cpu"))
        arrays, result = (trained.folder(source) / "arrays.safetensors").read_bytes(), trained.result(source)
        assert result is not None
        clone.write_event(run, Ended("finished", result.results, b"", arrays, {}, []))
    export(more, clone, HOME)
    after = read(more, HOME).image_errors
    pd.testing.assert_frame_equal(after[:2], before)
    assert after.error[2] == before.error[0]
    assert math.isnan(after.mean_error[2])
    write_report(more, HOME)
    assert SENTENCE not in (HOME / "README.md").read_text()


def test_a_diverged_run_has_no_errors_of_images(swept_copy: tuple[Record, Design]) -> None:
    record, design = swept_copy
    result = record.result(design.arms[0].run(0).id)
    assert result is not None
    (record.folder(design.arms[0].run(0).id) / "result.json").unlink()
    record.write_event(design.arms[0].run(0), Ended("diverged", result.results | {"test/mse": 1.0}, b"", b"", {}, []))
    (record.folder(design.arms[0].run(0).id) / "arrays.safetensors").write_bytes(b"")
    table = find_image_errors(design, record, load_results(design, record), [])
    assert table.error.isna().tolist() == [True, False]
    assert table.mean_error.isna().tolist() == [True, True]


@pytest.mark.parametrize("metric", ["test/ssim", "last/psnr"])
def test_scores_that_do_not_follow_from_the_recorded_errors_have_none(
    swept_copy: tuple[Record, Design], metric: str
) -> None:
    write(swept_copy[1])
    assert (HOME / "data" / IMAGE_ERRORS).exists()
    assert len(write(swept_copy[1].with_changes(metric=metric))) == 0
    assert not (HOME / "data" / IMAGE_ERRORS).exists()


def test_a_study_with_looks_shows_the_error_of_the_seeds_of_the_verdict(swept_copy: tuple[Record, Design]) -> None:
    record, design = swept_copy
    runs = load_results(design, record)
    rows = [("without", "with", "test/psnr", seed, "a", "b", 1.0, 0.5 + seed) for seed in (0, 1)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    assert mean_errors(table, read_course(design, runs), design.against) == {"without": 1.5}
    first = design.with_changes(requested_seeds=1)
    assert mean_errors(table, read_course(first, runs[runs.seed == 0]), first.against) == {"without": 0.5}
