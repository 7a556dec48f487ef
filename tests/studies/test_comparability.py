"""Arms that cannot be compared, or not by the study's metric, are refused."""

from typing import Any

import pytest

from ablate.errors import StudyError
from tests.helpers.stated import study_of

TASK_AXES: dict[str, list[Any]] = {
    "model.image_size": [[32, 32], [64, 64]],
    "model.channels": [1, 2],
    "data.noisy.density": [0, 0.1],
    "data.cells.radius": [[4, 9], [5, 10]],
}


@pytest.mark.parametrize("axis", TASK_AXES)
def test_arms_with_different_tasks_cannot_be_compared_by_the_psnr(axis: str) -> None:
    with pytest.raises(StudyError, match=f"{axis}, which changes the task.*allowed: test/gain"):
        study_of(vary={axis: TASK_AXES[axis]}, reference={axis: TASK_AXES[axis][0]}, metric="test/psnr")


@pytest.mark.parametrize("axis", TASK_AXES)
def test_arms_with_different_tasks_can_be_compared_by_the_gain(axis: str) -> None:
    study = study_of(vary={axis: TASK_AXES[axis]}, reference={axis: TASK_AXES[axis][0]}, metric="test/gain")
    assert len(study.arms) == 2


def test_the_number_of_test_scenes_does_not_change_the_task() -> None:
    assert study_of(vary={"data.test": [64, 128]}, reference={"data.test": 64}, metric="test/psnr").arms


def test_arms_with_the_same_settings_are_refused() -> None:
    with pytest.raises(StudyError, match="'a' and 'b' have the same settings"):
        study_of(arms={"a": {}, "b": {"model.heads": 4}}, reference="a")


def test_the_error_of_a_study_built_in_python_has_the_path_to_the_mistake() -> None:
    with pytest.raises(StudyError, match=r"^vary > model\.heads > 1: .*3 heads do not divide"):
        study_of(vary={"model.heads": [4, 3]}, reference={"model.heads": 4})


def test_an_arm_without_noise_cannot_be_judged_by_the_gain() -> None:
    quiet = {"data.filled.density": 0, "data.noisy.density": 0}
    with pytest.raises(StudyError, match=r"'quiet' has no noise in 2048 test scenes, so test/gain is undefined"):
        study_of(arms={"noisy": {}, "quiet": quiet}, reference="noisy", metric="test/gain")


def test_noise_with_values_of_zero_is_not_noise() -> None:
    quiet = {"data.filled.value": [0, 0], "data.noisy.density": 0}
    with pytest.raises(StudyError, match=r"'quiet' has no noise"):
        study_of(arms={"noisy": {}, "quiet": quiet}, reference="noisy", metric="test/gain")


def test_noise_that_few_test_scenes_lack_by_chance_is_not_noise() -> None:
    few = {"data.filled.density": 1e-6, "data.noisy.density": 0, "data.test": 8}
    with pytest.raises(StudyError, match=r"'few' has no noise in 8 test scenes, so test/gain is undefined"):
        study_of(arms={"many": {}, "few": few}, reference="many", metric="test/gain")


@pytest.mark.parametrize("split", ["test", "validation"])
def test_scenes_that_are_blank_by_chance_are_refused(split: str) -> None:
    few = {"data.cells.density": 1e-5, f"data.{split}": 2}
    with pytest.raises(StudyError, match=rf"^arms > few > data\.{split}: all 2 {split} scenes are blank"):
        study_of(arms={"many": {}, "few": few}, reference="many", metric="test/gain")


@pytest.mark.parametrize(
    "nothing",
    [
        {"data.cells.density": 0},
        {"data.cells.intensity": [0, 0]},
        {"data.cells.peak": 0, "data.cells.fall": 0},
    ],
)
def test_scenes_without_visible_cells_are_refused(nothing: dict[str, Any]) -> None:
    last = list(nothing)[-1].replace(".", r"\.")
    with pytest.raises(StudyError, match=rf"^arms > empty > {last}: the scenes have no cells"):
        study_of(arms={"full": {}, "empty": nothing}, reference="full", metric="test/gain")
