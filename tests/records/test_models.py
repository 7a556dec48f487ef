"""The record's files are read back as they were written, and count as missing if they are invalid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.records.models import Failure, Result, RunFacts, Stored, read_epochs, read_stored
from ablate.records.record import Record
from ablate.records.requests import load_requested
from ablate.reporting.study.reading import read_runs

FACTS: dict[type[Stored], dict[str, Any]] = {
    RunFacts: {"id": "a1", "recipe": 1, "seed": 0, "settings": {"model.heads": 4}, "began": 1.5},
    Result: {"status": "finished", "results": {"best/epoch": 30}, "environment": {}, "ended": 2.5, "files": {}},
    Failure: {"status": "timed out", "reason": "too long", "trace": "", "time": 3.5},
}
GARBAGE: tuple[Any, ...] = (None, [], "text", 7, {}, {"status": "finished"}, {"status": "no such status"})


@pytest.fixture(params=FACTS, ids=lambda model: model.__name__)
def model(request: pytest.FixtureRequest) -> type[Stored]:
    found: type[Stored] = request.param
    return found


def test_a_file_is_read_back_as_it_was_written(model: type[Stored], tmp_path: Path) -> None:
    stored = model(**FACTS[model])
    stored.write(tmp_path / "file.json")
    assert read_stored(tmp_path / "file.json", model) == stored
    assert json.loads((tmp_path / "file.json").read_text()) == FACTS[model], "no key is added"


@pytest.mark.parametrize("content", GARBAGE, ids=json.dumps)
def test_a_file_of_another_kind_counts_as_missing(model: type[Stored], content: Any, tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text(json.dumps(content))
    assert read_stored(tmp_path / "file.json", model) is None


def test_a_missing_key_or_a_wrong_type_makes_a_file_invalid(model: type[Stored], tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    for name in required:
        path.write_text(json.dumps({key: value for key, value in FACTS[model].items() if key != name}))
        assert read_stored(path, model) is None, name
        path.write_text(json.dumps(FACTS[model] | {name: [["not this"]]}))
        assert read_stored(path, model) is None, name


@pytest.mark.parametrize("value", ['"30"', "true", "NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    ("kind", "name"), [(RunFacts, "seed"), (RunFacts, "began"), (Result, "ended"), (Failure, "time")]
)
def test_only_a_finite_number_is_a_number(kind: type[Stored], name: str, value: str, tmp_path: Path) -> None:
    content = json.dumps(FACTS[kind] | {name: "here"}).replace('"here"', value)
    (tmp_path / "file.json").write_text(content)
    assert read_stored(tmp_path / "file.json", kind) is None


@pytest.mark.parametrize("value", ['"30"', "true", "NaN", "1e999"])
def test_only_a_finite_number_is_a_result_or_part_of_an_epoch(value: str, tmp_path: Path) -> None:
    content = json.dumps(FACTS[Result] | {"results": {"best/epoch": "here"}}).replace('"here"', value)
    (tmp_path / "result.json").write_text(content)
    assert read_stored(tmp_path / "result.json", Result) is None
    (tmp_path / "epochs.json").write_text(f'[{{"epoch": {value}}}]')
    assert read_epochs(tmp_path / "epochs.json") == []


def test_keys_of_another_version_are_ignored(model: type[Stored], tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text(json.dumps(FACTS[model] | {"of another version": 1}))
    assert read_stored(tmp_path / "file.json", model) == model(**FACTS[model])


@given(st.dictionaries(st.text(), st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_keep_their_kind(results: dict[str, int | float]) -> None:
    again = Result.model_validate_json(Result(**FACTS[Result] | {"results": results}).model_dump_json())
    assert {name: (type(value), value) for name, value in again.results.items()} == {
        name: (type(value), value) for name, value in results.items()
    }


@pytest.mark.parametrize("content", ["", "{", '{"epoch": 1}', '[{"epoch": "one"}]', "null"])
def test_damaged_epochs_count_as_missing(content: str, tmp_path: Path) -> None:
    (tmp_path / "epochs.json").write_text(content)
    assert read_epochs(tmp_path / "epochs.json") == []


def test_a_run_with_an_invalid_result_has_not_ended(swept_copy: tuple[Record, Any]) -> None:
    record, study = swept_copy
    run = study.runs[0].id
    path = record.folder(run) / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"status": "splendid"}))
    assert not record.has_ended(run)
    assert record.status(run) == "unfinished"
    assert record.needs_training(run)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"study": "tiny"}', '{"study": "tiny", "question": "?", "runs": {"a": 1}}']
)
def test_a_study_whose_requests_are_invalid_counts_as_never_swept(content: str, tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "tiny.json").write_text(content)
    assert load_requested(tmp_path, "tiny") is None


@pytest.mark.parametrize(
    ("reason", "status"),
    [("without test/mae; its weights are gone", "set aside"), ("ValueError: without a score", "failed")],
)
def test_a_run_that_an_older_version_called_failed_can_be_set_aside(reason: str, status: str, tmp_path: Path) -> None:
    (tmp_path / "failure.json").write_text(json.dumps({"status": "failed", "reason": reason, "time": 3.5}))
    found = read_stored(tmp_path / "failure.json", Failure)
    assert found is not None
    assert found.status == status
    table = tmp_path / "runs.csv"
    pd.DataFrame({"run": ["a", "b"], "status": ["failed", "finished"], "error": [reason, None]}).to_csv(
        table, index=False
    )
    assert read_runs(table).status.tolist() == [status, "finished"]
