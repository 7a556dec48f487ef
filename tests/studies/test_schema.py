"""The schemas of study and search files, checked with a validator that is not ours."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from ablate.errors import AblateError
from ablate.overrides import PLACES
from ablate.settings import DEFAULTS
from ablate.studies.loading import KEYS, SEARCH_KEYS, load_search, load_study
from ablate.studies.schema import search_schema, study_schema
from ablate.studies.yamlfile import read_yaml
from tests.helpers.committed import EXPERIMENTS
from tests.helpers.tiny import TINY

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


SCHEMAS = {"study": study_schema(), "search": search_schema()}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_schema_is_valid(kind: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[kind])


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_file_refers_to_its_schema_and_follows_it(path: Path) -> None:
    data = read_yaml(path).data
    kind = "search" if "space" in data else "study"
    assert path.read_text().startswith(f"# yaml-language-server: $schema={kind}.schema.json\n")
    Draft202012Validator(SCHEMAS[kind]).validate(data)


def test_the_keys_of_the_schema_are_those_of_a_search() -> None:
    assert set(search_schema()["properties"]) == set(SEARCH_KEYS)


SEARCH: dict[str, Any] = {"question": "Which?", "space": {"training.rate": {"low": 0.001, "high": 0.1}}, "trials": 2}


@pytest.mark.parametrize(
    "change",
    [
        {"trails": 3},
        {"trials": 0},
        {"sampler": "tqe"},
        {"pruner": "secateurs"},
        {"metric": "test/psnr"},
        {"space": {}},
        {"space": {"model.skip": ["both"]}},
        {"space": {"model.skip": ["both", "all"]}},
        {"space": {"model.skip": {"low": 1, "high": 2}}},
        {"space": {"training.rate": {"low": 0.001}}},
        {"space": {"training.rate": {"low": 0.001, "hihg": 2}}},
        {"space": {"training.raet": [0.1, 0.2]}},
    ],
    ids=str,
)
def test_what_the_schema_of_searches_refuses_is_refused_by_the_program(change: dict[str, Any], tmp_path: Path) -> None:
    Draft202012Validator(SCHEMAS["search"]).validate(SEARCH)
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMAS["search"]).validate(SEARCH | change)
    path = tmp_path / "search.yaml"
    path.write_text(json.dumps(SEARCH | change))
    with pytest.raises(AblateError):
        load_search(path)


def test_the_keys_of_the_schema_are_those_of_a_study() -> None:
    assert set(study_schema()["properties"]) == set(KEYS)


def test_every_setting_can_be_set_and_varied() -> None:
    definitions = study_schema()["$defs"]
    assert list(definitions["Overrides"]["properties"]) == list(definitions["Axes"]["properties"]) == list(DEFAULTS)


@pytest.mark.parametrize("name", DEFAULTS)
def test_every_default_is_allowed_and_in_the_schema(name: str) -> None:
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
        {"base": {"parts.own.rank": 1}},
        {"reference": {"model.skip": "all"}},
        {"reference": 3},
        {"variants": "my_parts.py"},
        {"variants": ["../my_parts.py"]},
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


def test_with_files_of_own_parts_other_names_and_settings_are_allowed() -> None:
    own = {"variants": ["my_parts.py"], "vary": {"model.skip": ["both", "gated"], "parts.gated.start": [0, 1]}}
    check(STUDY | own)
    Draft202012Validator(SCHEMAS["search"]).validate(
        SEARCH
        | {
            "variants": ["my_parts.py"],
            "space": {"model.mlp": ["gelu", "swish"], "parts.swish.b": {"low": 1, "high": 2}},
        }
    )


@pytest.mark.parametrize("name", PLACES)
def test_an_editor_completes_the_built_in_choices(name: str) -> None:
    schema = study_schema()["$defs"]["Overrides"]["properties"][name]
    completed, *_ = schema.get("items", schema)["anyOf"]
    assert tuple(completed["enum"]) == PLACES[name]


@pytest.mark.parametrize("key", ["question", "reference", "seeds", "margin"])
def test_a_missing_key_is_an_error(key: str) -> None:
    with pytest.raises(ValidationError):
        check({name: value for name, value in STUDY.items() if name != key})


def test_the_study_that_these_tests_change_is_valid(tmp_path: Path) -> None:
    check(STUDY)
    path = tmp_path / "good.yaml"
    path.write_text(json.dumps(STUDY))
    assert load_study(path).seeds == (0, 1)
