"""The tolerances are above what was measured between processors, and the page has the numbers of its table."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from ablate.pipeline.repeats import FIRST_LOSS, ROUNDING, SCORE
from benchmarks.processors import FAULTS, HERE, KINDS, PAGE, PROCESSORS, Row, page, read, runs_of, summarise
from tests.helpers.committed import ROOT

TABLE = read()
ROWS = {kind: summarise(TABLE, kind) for kind in KINDS}


def test_the_page_is_what_the_program_writes() -> None:
    assert "\n".join(page(TABLE)) + "\n" == PAGE.read_text()


def test_the_table_is_complete() -> None:
    measured = {tuple(row) for row in TABLE[["kind", "arm", "seed", "how"]].itertuples(index=False)}
    planned = {
        (name, arm, run.seed, how)
        for name, kind in KINDS.items()
        for how in [*kind.processors, *FAULTS]
        for arm, run in runs_of(kind)
    }
    assert measured == planned


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_tolerances_are_wider_than_what_was_measured(row: Row) -> None:
    assert 0 < 2 * row.first_loss < FIRST_LOSS
    if not KINDS[row.kind].first_only:
        assert 0 < 2 * row.psnr < SCORE
        assert 0 < 2 * row.rescored < ROUNDING


def test_another_seed_is_outside_of_the_tolerance_and_a_slightly_higher_rate_is_not() -> None:
    assert min(row.other_seed for row in ROWS.values() if row.other_seed == row.other_seed) > FIRST_LOSS
    assert max(row.faults["rate 1% higher"] for row in ROWS.values()) < FIRST_LOSS


def test_here_weights_have_their_scores_to_the_bit() -> None:
    here = TABLE[TABLE.how == HERE]
    pd.testing.assert_series_equal(here.psnr, here.rescored, check_names=False, check_exact=True)


def test_the_numbers_of_the_guarantees_are_those_of_the_program() -> None:
    text = " ".join((ROOT / "docs" / "guarantees.md").read_text().split())
    assert f"by up to {100 * FIRST_LOSS:g}% in the loss of the first epoch" in text
    assert re.findall(r"(\S+) dB", text) == [f"{SCORE:g}"] * 2


def test_this_processor_is_as_it_is() -> None:
    assert PROCESSORS[HERE] == {}
