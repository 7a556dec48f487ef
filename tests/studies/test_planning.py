"""Study -> arms -> runs: the arms of a study, what each is compared with, and the order of its runs."""

from collections.abc import Iterable
from math import prod
from typing import Any

from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ablate.overrides import resolve
from ablate.settings import dotted
from ablate.studies.designs import Arm
from ablate.studies.planning import Design
from ablate.studies.study import Study
from tests.helpers.stated import stated, study_of

relaxed = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SMALL_GRID = {"model.heads": [1, 2, 4], "model.depth": [6, 12]}


def names(found: Iterable[Arm]) -> list[str]:
    return [arm.name for arm in found]


def distinct(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=4, unique=True)


AXES = {
    "model.depth": distinct(st.integers(1, 24)),
    "model.heads": distinct(st.sampled_from([1, 2, 4, 8, 16, 32])),
    "model.skip": distinct(st.sampled_from(["both", "attention", "mlp", "none"])),
    "model.image_size": distinct(st.tuples(st.sampled_from([32, 64]), st.sampled_from([32, 64]))),
    "training.rate": distinct(st.floats(1e-6, 1)),
    "data.noisy.density": distinct(st.floats(0, 0.01)),
}


def others(study: Study) -> list[Any]:
    """The values of a one-at-a-time study, axis by axis, without those of its reference."""
    assert isinstance(study.reference, dict)
    assert study.vary is not None
    usual = dotted(resolve(study.reference))
    return [value for axis, values in study.vary.items() for value in values if value != usual[axis]]


@st.composite
def studies(draw: st.DrawFn, design: str = "grid") -> Design:
    axes = draw(st.lists(st.sampled_from(list(AXES)), min_size=1, max_size=3, unique=True))
    vary = {axis: draw(AXES[axis]) for axis in axes}
    fixed = draw(st.lists(st.sampled_from(axes), min_size=1, unique=True))
    reference = {axis: draw(st.sampled_from(vary[axis])) for axis in fixed}
    seeds = draw(st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True))
    study = stated(vary=vary, design=design, reference=reference, seeds=seeds, metric="test/gain")
    assume(others(study) if design == "one-at-a-time" else prod(map(len, vary.values())) > 1)
    return Design.of(study)


# grids


def test_a_grid_has_all_combinations_in_the_order_of_the_file() -> None:
    found = study_of(vary=SMALL_GRID, reference={"model.heads": 4, "model.depth": 12}).arms
    expected = [f"heads={heads}, depth={depth}" for heads in (1, 2, 4) for depth in (6, 12)]
    assert names(found) == expected


def test_a_reference_with_values_of_all_axes_is_compared_with_every_other_arm() -> None:
    found = study_of(vary=SMALL_GRID, reference={"model.heads": 4, "model.depth": 12}).arms
    assert {arm.against for arm in found if arm.name != "heads=4, depth=12"} == {"heads=4, depth=12"}


def test_arms_are_compared_with_the_one_that_differs_only_in_the_axes_of_the_reference() -> None:
    found = study_of(vary=SMALL_GRID, reference={"model.heads": 4}).arms
    against = {arm.name: arm.against for arm in found}
    assert against["heads=1, depth=6"] == "heads=4, depth=6"
    assert against["heads=1, depth=12"] == "heads=4, depth=12"


def test_every_arm_with_the_values_of_the_reference_is_a_reference() -> None:
    found = study_of(vary=SMALL_GRID, reference={"model.heads": 4}).arms
    assert [arm.name for arm in found if arm.against is None] == ["heads=4, depth=6", "heads=4, depth=12"]


def test_a_reference_can_be_spelt_differently_from_the_axis() -> None:
    found = study_of(vary={"training.rate": [1, 0.5]}, reference={"training.rate": 1.0}).arms
    assert {arm.against for arm in found} - {None} <= set(names(found))


@relaxed
@given(studies())
def test_a_grid_has_as_many_arms_as_combinations(study: Design) -> None:
    assert study.study.vary is not None
    assert len(study.arms) == prod(len(values) for values in study.study.vary.values())


@relaxed
@given(studies())
def test_an_arm_of_a_grid_differs_from_its_reference_only_in_the_references_axes(study: Design) -> None:
    by_name = {arm.name: arm for arm in study.arms}
    for arm in by_name.values():
        reference = by_name[arm.against] if arm.against else arm
        assert isinstance(study.study.reference, dict)
        assert arm.overrides | study.study.reference == reference.overrides


# one at a time


def test_one_at_a_time_changes_the_reference_in_one_axis_each() -> None:
    found = study_of(vary=SMALL_GRID, design="one-at-a-time", reference={"model.heads": 4, "model.depth": 12}).arms
    assert names(found) == ["reference", "heads=1", "heads=2", "depth=6"]


def test_an_axis_that_the_reference_does_not_fix_starts_from_its_default() -> None:
    found = study_of(vary=SMALL_GRID, design="one-at-a-time", reference={}).arms
    assert names(found) == ["reference", "heads=1", "heads=2", "depth=6"]


def test_an_axis_that_the_reference_does_not_fix_starts_from_the_base() -> None:
    base = {"model.depth": 6}
    found = study_of(base=base, vary=SMALL_GRID, design="one-at-a-time", reference={"model.heads": 4}).arms
    assert names(found) == ["reference", "heads=1", "heads=2", "depth=12"]


def test_the_name_of_an_arm_says_which_density_it_changes() -> None:
    vary = {"data.filled.density": [0, 0.0003], "model.heads": [2, 4]}
    found = study_of(vary=vary, design="one-at-a-time", reference={}, metric="test/gain").arms
    assert names(found) == ["reference", "filled.density=0", "heads=2"]


@relaxed
@given(studies("one-at-a-time"))
def test_one_at_a_time_has_an_arm_for_each_value_but_the_references(study: Design) -> None:
    assert len(study.arms) == 1 + len(others(study.study))


@relaxed
@given(studies("one-at-a-time"))
def test_one_at_a_time_differs_from_the_reference_in_one_setting(study: Design) -> None:
    reference, *changed = [dotted(arm.settings) for arm in study.arms]
    assert {sum(other[name] != reference[name] for name in reference) for other in changed} == {1}


# named arms


NAMED = {"as in the notebook": {"model.skip": "none"}, "as in the paper": {"model.skip": "both"}}


def test_named_arms_keep_their_names_and_order() -> None:
    assert names(study_of(arms=NAMED, reference="as in the paper").arms) == list(NAMED)


def test_named_arms_are_compared_with_the_named_reference() -> None:
    found = study_of(arms=NAMED, reference="as in the paper").arms
    assert [arm.against for arm in found] == ["as in the paper", None]


def test_the_base_is_shared_by_all_arms() -> None:
    found = study_of(base={"model.depth": 3}, arms=NAMED, reference="as in the paper").arms
    assert {arm.settings.model.depth for arm in found} == {3}


def test_an_arm_overrides_the_base() -> None:
    found = study_of(base={"model.skip": "mlp"}, arms=NAMED, reference="as in the paper").arms
    assert [arm.settings.model.skip for arm in found] == ["none", "both"]


# every design


designs = st.one_of(studies(), studies("one-at-a-time"))


@relaxed
@given(designs)
def test_all_arms_have_different_names(study: Design) -> None:
    found = study.arms
    assert len(set(names(found))) == len(found)


@relaxed
@given(designs)
def test_every_arm_is_compared_with_a_reference(study: Design) -> None:
    found = study.arms
    references = {arm.name for arm in found if arm.against is None}
    assert references
    assert {arm.against for arm in found} - {None} <= references


@relaxed
@given(designs)
def test_a_plan_is_the_same_each_time(study: Design) -> None:
    again = Design.of(Study.model_validate(study.study.model_dump(exclude_unset=True)))
    assert again.runs == study.runs


@relaxed
@given(designs)
def test_runs_are_ordered_seed_by_seed_and_arm_by_arm(study: Design) -> None:
    found = study.arms
    assert study.runs == [arm.run(seed) for seed in study.seeds for arm in found]


@relaxed
@given(designs)
def test_every_run_has_an_id_of_its_own(study: Design) -> None:
    assert len({run.id for run in study.runs}) == len(study.arms) * len(study.seeds)


def test_two_studies_that_request_the_same_run_share_its_id() -> None:
    grid = study_of(vary=SMALL_GRID, reference={"model.heads": 4}, seeds=[1])
    named = study_of(name="b", margin=1, arms={"one": {"model.heads": 1}, "two": {"model.heads": 8}}, reference="one")
    shared = {run.id for run in grid.runs} & {run.id for run in named.runs}
    assert shared == {named.arms[0].run(seed=1).id}
