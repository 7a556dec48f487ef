"""The claims of a study: which arms they compare, and how many pairs of arms that makes."""

from typing import Any

import pytest

from ablate.errors import StudyError
from ablate.settings import dotted
from ablate.statistics.claims import Claim
from ablate.studies.planning import Design
from ablate.studies.study import Study

GRID = {"vary": {"model.heads": [1, 4], "model.depth": [2, 12]}, "reference": {"model.heads": 4}}
NAMED = {"arms": {"one": {"model.heads": 1}, "four": {}, "none": {"model.skip": "none"}}, "reference": "four"}
ONE = {**GRID, "design": "one-at-a-time"}
SHALLOW, DEEP = {"model.heads": 1, "model.depth": 2}, {"model.heads": 1, "model.depth": 12}


def study_of(design: dict[str, Any], *expect: dict[str, Any]) -> Design:
    keys: dict[str, Any] = {"name": "a", "question": "Does it?", "seeds": 2, "margin": 0.25, "expect": list(expect)}
    return Design.of(Study(**keys, **design))


def worse(arm: Any, **keys: Any) -> dict[str, Any]:
    return {"arm": arm, "verdict": "worse"} | keys


@pytest.mark.parametrize(
    ("design", "arm", "name", "than"),
    [
        (GRID, SHALLOW, "heads=1, depth=2", "heads=4, depth=2"),
        (ONE, {"model.heads": 1}, "heads=1", "reference"),
        (ONE, {"model.depth": 2}, "depth=2", "reference"),
        (NAMED, "one", "one", "four"),
        (NAMED, {"model.skip": "none"}, "none", "four"),
    ],
)
def test_a_claim_selects_an_arm_by_its_settings_or_its_name(
    design: dict[str, Any], arm: Any, name: str, than: str
) -> None:
    assert study_of(design, worse(arm)).claims == (Claim(name, than, "worse"),)


def test_a_claim_can_compare_with_another_arm_than_the_reference() -> None:
    assert study_of(GRID, worse(SHALLOW, than=DEEP)).claims == (
        Claim("heads=1, depth=2", "heads=1, depth=12", "worse"),
    )


@pytest.mark.parametrize("design", [GRID, ONE, NAMED], ids=["grid", "one at a time", "named"])
def test_every_arm_can_be_selected_by_its_settings(design: dict[str, Any]) -> None:
    found = study_of(design).arms
    for arm, other in zip(found, found[1:] + found[:1], strict=True):
        claim = worse(dotted(arm.settings), than=dotted(other.settings))
        assert study_of(design, claim).claims == (Claim(arm.name, other.name, "worse"),)


def test_a_claim_can_spell_values_differently_from_the_axis() -> None:
    sizes = {"vary": {"model.image_size": [[32, 64], [64, 64]], "model.mlp_ratio": [4, 2]}, "metric": "test/gain"}
    chosen = {"model.image_size": [32, 64], "model.mlp_ratio": 2.0}
    found = study_of(sizes | {"reference": {"model.mlp_ratio": 4}}, worse(chosen)).claims
    assert found[0].arm == "image_size=32x64, mlp_ratio=2"


@pytest.mark.parametrize(
    ("expect", "count"),
    [
        ([], 2),
        ([worse("one")], 2),
        ([worse("one", than="four")], 2),
        ([worse("four", than="one")], 2),
        ([worse("one", than="none")], 3),
        ([worse("one", than="none"), worse("none")], 3),
    ],
)
def test_a_claim_against_another_arm_than_the_reference_adds_a_comparison(expect: list[Any], count: int) -> None:
    assert len(study_of(NAMED, *expect).pairs) == count


def test_the_error_of_a_study_built_in_python_has_the_path_to_the_mistake() -> None:
    with pytest.raises(StudyError, match=r"^expect > 1 > arm > model\.depth: no arm of this study has"):
        study_of(GRID, worse(SHALLOW), worse({"model.depth": 3}))
