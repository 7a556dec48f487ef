"""`verdicts.json` says what the page says, in the published format."""

from __future__ import annotations

import json
import math
from pathlib import Path

import jsonschema
import pytest

from ablate.reporting.study.headlines import headlines
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.verdict_file import verdict_file
from ablate.reporting.study.verdict_schema import Difference, verdict_schema
from ablate.studies.planning import Design
from tests.helpers import fabricated
from tests.helpers.committed import ROOT

CLAIM = {
    "arm": {"model.width": 64, "model.depth": 1},
    "than": {"model.width": 16, "model.depth": 1},
    "verdict": "better",
}


def content(page: Page) -> dict[str, object]:
    return json.loads(verdict_file(page).model_dump_json())  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "changes",
    [{}, {"seeds": 1}, {"missing": 1}, {"expect": [CLAIM]}, {"seeds": {"looks": [3, 5]}}],
    ids=["plain", "one seed", "missing", "claim", "looks"],
)
def test_the_file_is_in_the_published_format(changes: dict[str, object]) -> None:
    study = fabricated.grid_study(**changes)
    page = build(study, fabricated.fabricate(study, fabricated.grid_score))
    schema = json.loads((ROOT / "docs" / "verdicts.schema.json").read_text())
    assert schema == verdict_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(content(page), schema)


def test_the_written_file_is_what_the_page_says(report: tuple[Path, Design]) -> None:
    written = json.loads((report[0] / "verdicts.json").read_text())
    jsonschema.validate(written, verdict_schema())
    metrics = json.loads((report[0] / "metrics.json").read_text())
    assert [(v["arm"], v["verdict"]) for v in written["verdicts"]] == [
        (name, arm["verdict"]) for name, arm in metrics["arms"].items() if "verdict" in arm
    ]


def test_both_files_have_the_same_numbers_under_the_same_names(page: Page) -> None:
    arms, shared = headlines(page)["arms"], [*Difference.model_fields, "against", "verdict", "for_median", "wins"]
    for decision in verdict_file(page).verdicts:
        facts = decision.model_dump()
        assert {name: facts[name] for name in shared if facts[name] is not None} == {
            name: arms[decision.arm][name] for name in shared if name in arms[decision.arm]
        }


def test_what_is_infinite_is_null_and_what_waits_is_named(page: Page) -> None:
    found = verdict_file(page)
    barred = next(decision for decision in found.verdicts if decision.barred)
    assert barred.smallest_margin is None
    assert barred.barred == ["better", "equivalent"]
    assert [(run.arm, run.seed, run.status) for run in found.waiting_for] == [("width=64, depth=8", 3, "failed")]


def test_levels_are_those_of_the_intervals() -> None:
    study = fabricated.grid_study(seeds={"looks": [3, 5]})
    page = build(study, fabricated.fabricate(study, fabricated.grid_score))
    found = verdict_file(page)
    assert (found.shared_by, found.spent_by is not None, found.comparisons) == ("Bonferroni", True, 9)
    levels = {look.seeds: look.level for look in found.looks}
    for decision in found.verdicts:
        assert decision.level is not None
        assert math.isclose(decision.level, levels[decision.look], rel_tol=1e-5)
