"""The rows of sample pictures."""

from dataclasses import replace

import numpy as np

from ablate.reporting.study.data import Data
from ablate.reporting.study.figures.samples import SCALES, error_scale, sample_rows
from ablate.reporting.study.model import Page


def test_the_sample_rows_are_the_scenes_and_then_each_arm_with_its_error(page: Page) -> None:
    scenes, *outputs = sample_rows(page)
    assert scenes.headings == ["best: scene 0", "median: scene 1", "worst: scene 2"]
    assert [row.label for row in outputs] == [row.name for row in page.rows]
    output, error = outputs[1].pairs[2]
    np.testing.assert_allclose(output - error, scenes.pairs[2][1], atol=1e-6)


def test_arms_of_another_task_follow_their_own_scenes(page: Page, data: Data) -> None:
    other = {**data.scenes["width=64, depth=12"], "noisy": data.scenes["width=64, depth=12"]["noisy"] + 1}
    two_tasks = replace(data, scenes=data.scenes | {"width=64, depth=12": other})
    rows = list(sample_rows(replace(page, data=two_tasks)))
    assert [row.label for row in rows if row.headings] == ["test scenes"] * 2
    assert rows[-1].label == "width=64, depth=12"


def test_all_errors_are_on_one_round_scale_that_nearly_holds_them(page: Page) -> None:
    rows = list(sample_rows(page))
    errors = np.abs([pair[1] for row in rows if not row.headings for pair in row.pairs])
    scale = error_scale(rows)
    assert scale in SCALES
    assert (errors > scale).mean() <= 0.01
