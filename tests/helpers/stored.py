"""Read what the record must have about a run; the test fails if it is missing."""

from __future__ import annotations

from ablate.records.models import Failure, Result, RunFacts
from ablate.records.record import Record


def result_of(record: Record, run_id: str) -> Result:
    found = record.result(run_id)
    assert found is not None
    return found


def failure_of(record: Record, run_id: str) -> Failure:
    found = record.failure(run_id)
    assert found is not None
    return found


def facts_of(record: Record, run_id: str) -> RunFacts:
    found = record.facts(run_id)
    assert found is not None
    return found
