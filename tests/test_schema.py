"""The schema of study files, as a validator that we did not write reads it."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import TINY
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from ablate.errors import AblateError
from ablate.loading import KEYS, load_study
from ablate.schema import study_schema
from ablate.settings import DEFAULTS
from ablate.yamlfile import read_yaml

EXPERIMENTS = Path(__file__).parent.parent / "experiments"
STUDY: dict[str, Any] = {
    "question": "Which?",
    "base": TINY,
    "vary": {"model.skip": ["both", "none"]},
    "reference": {"model.skip": "both"},
    "seeds": 2,
    "margin": 0.5,
}


def check(study: object) -> None:
    Draft202012Validator(study_schema()).validate(study)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(study_schema())


def test_the_schema_beside_the_studies_is_what_the_program_prints() -> None:
    written = json.loads((EXPERIMENTS / "study.schema.json").read_text())
    assert written == study_schema(), "run: ablate schema > experiments/study.schema.json"


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_study_refers_to_the_schema_and_keeps_it(path: Path) -> None:
    assert path.read_text().startswith("# yaml-language-server: $schema=study.schema.json\n")
    check(read_yaml(path).data)


def test_the_keys_of_the_schema_are_those_of_a_study() -> None:
    assert set(study_schema()["properties"]) == set(KEYS)


def test_every_setting_can_be_set_and_varied() -> None:
    definitions = study_schema()["$defs"]
    assert list(definitions["Overrides"]["properties"]) == list(definitions["Axes"]["properties"]) == list(DEFAULTS)


@pytest.mark.parametrize("name", DEFAULTS)
def test_every_default_is_allowed_and_said(name: str) -> None:
    default = json.loads(json.dumps(DEFAULTS[name]))
    check(STUDY | {"base": {name: default}, "vary": {name: [default]}})
    assert study_schema()["$defs"]["Overrides"]["properties"][name]["default"] == default


@pytest.mark.parametrize(
    "change",
    [
        {"qestion": "misspelt"},
        {"seeds": 0},
        {"seeds": []},
        {"seeds": "five"},
        {"margin": 0},
        {"metric": "test/nothing"},
        {"design": "diagonal"},
        {"vary": {}},
        {"vary": {"model.skip": []}},
        {"vary": {"model.skips": ["both"]}},
        {"vary": {"model.skip": ["all"]}},
        {"base": {"model.heads": 0}},
        {"base": {"model.heads": "four"}},
        {"base": {"model.final_norm": "yes"}},
        {"base": {"training.ema": 1}},
        {"base": {"data.cells.radius": [1, 2, 3]}},
        {"arms": {"one": {"model.nothing": 1}}},
        {"reference": 3},
    ],
    ids=str,
)
def test_what_the_schema_refuses_is_refused_by_the_program(change: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        check(STUDY | change)
    path = tmp_path / "wrong.yaml"
    path.write_text(json.dumps(STUDY | change))  # JSON is YAML
    with pytest.raises(AblateError):
        load_study(path)


@pytest.mark.parametrize("key", ["question", "reference", "seeds", "margin"])
def test_a_key_that_is_missing_is_missed(key: str) -> None:
    with pytest.raises(ValidationError):
        check({name: value for name, value in STUDY.items() if name != key})


def test_the_study_that_these_begin_with_is_a_good_one(tmp_path: Path) -> None:
    check(STUDY)
    path = tmp_path / "good.yaml"
    path.write_text(json.dumps(STUDY))
    assert load_study(path).seeds == (0, 1)
