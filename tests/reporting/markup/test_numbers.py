"""How numbers are shown, compared with the examples of the rule's authors."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.reporting.markup.numbers import (
    decimals_for,
    format_duration,
    format_fixed,
    format_percent,
    format_signed,
    format_significant,
    interval_decimals,
    is_numeric,
    time_unit,
)

SIZES = st.floats(1e-5, 1e6)
VALUES = st.floats(-1e3, 1e3)


@pytest.mark.parametrize(
    ("value", "uncertainty", "shown"),
    [
        (0.827, 0.119, "0.83"),
        (0.827, 0.367, "0.8"),
        (0.8273, 0.0367, "0.83"),
        (827.0, 36.7, "830"),
        (827.0, 11.9, "827"),
    ],
)
def test_a_value_is_rounded_as_the_particle_data_group_does(value: float, uncertainty: float, shown: str) -> None:
    assert format_fixed(value, decimals_for(uncertainty, 4)) == shown


def test_an_uncertainty_that_rounds_up_to_the_next_power_of_ten_keeps_two_digits() -> None:
    assert decimals_for(0.0951, 4) == decimals_for(0.1, 4) == 2


@given(SIZES)
def test_the_last_digit_is_worth_between_a_third_and_a_thirtieth_of_the_uncertainty(uncertainty: float) -> None:
    assert 3.54 <= uncertainty * 10 ** decimals_for(uncertainty, 4) <= 35.5


@pytest.mark.parametrize("uncertainty", [math.nan, 0.0, math.inf, 1e-15])
def test_without_an_uncertainty_the_metrics_own_decimals_are_shown(uncertainty: float) -> None:
    assert decimals_for(uncertainty, 2) == 2


@given(VALUES, VALUES, st.floats(0.001, 10), st.integers(0, 3))
def test_what_is_shown_of_an_interval_agrees_with_its_verdict(
    low: float, high: float, margin: float, least: int
) -> None:
    marks = (-margin, 0.0, margin)
    digits = interval_decimals((low, high), least, marks)
    assert least <= digits <= 8
    for end in (low, high):
        for mark in marks:
            assert digits == 8 or (round(end, digits) > mark, round(end, digits) < mark) == (end > mark, end < mark)


def test_an_end_just_inside_the_margin_does_not_look_like_the_margin() -> None:
    assert interval_decimals((-0.1, 0.2496), 2, (-0.25, 0, 0.25)) == 4


def test_an_infinite_interval_needs_no_further_digits() -> None:
    assert interval_decimals((-math.inf, math.inf), 2, (-0.25, 0, 0.25)) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(-1.234, "−1.23"), (-0.001, "0.00"), (2.0, "2.00"), (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "–")],
)
def test_numbers_are_printed_as_readers_expect(value: float, text: str) -> None:
    assert format_fixed(value, 2) == text


def test_differences_show_their_sign() -> None:
    assert [format_signed(value, 2) for value in (0.5, -0.5, 0.0, math.inf)] == ["+0.50", "−0.50", "0.00", "+∞"]


def test_thousands_are_separated_by_commas() -> None:
    assert format_fixed(171317.0) == "171,317"


def test_shares_are_percentages() -> None:
    assert [format_percent(share) for share in (0.0, 0.034, 0.116, 1.0)] == ["0%", "3.4%", "12%", "100%"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (0.04, "0.040 s"),
        (0.45, "0.45 s"),
        (4.2, "4.2 s"),
        (40.4, "40 s"),
        (59.7, "1 min"),
        (720.0, "12 min"),
        (3599.0, "1 h"),
        (6000.0, "1 h 40 min"),
        (7200.0, "2 h"),
        (36 * 3600.0, "36 h"),
        (51 * 3600.0, "2 days 3 h"),
        (72 * 3600.0, "3 days"),
        (math.nan, "–"),
    ],
)
def test_a_duration_can_be_read_at_any_size(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.floats(1e-3, 1e8))
def test_no_duration_is_shown_as_zero_or_in_hundreds_of_a_smaller_unit(seconds: float) -> None:
    number, unit, *_ = format_duration(seconds).split()
    assert float(number) > 0
    assert float(number) < {"s": 60, "min": 60, "h": 48}.get(unit, math.inf)


@pytest.mark.parametrize(("longest", "name"), [(0.4, "s"), (900, "s"), (2000, "min"), (20_000, "h")])
def test_durations_are_compared_in_the_unit_of_the_longest(longest: float, name: str) -> None:
    assert time_unit(longest).name == name


def test_significant_digits_never_cut_whole_numbers() -> None:
    assert [format_significant(value, 2) for value in (0.0456, 4.56, 456.0, 0.0)] == ["0.046", "4.6", "456", "0"]


@pytest.mark.parametrize(
    "text",
    ["", "–", "4", "−0.5", "+1.05", "171,317", "45%", "∞", "−∞", "17.30 (diverged)", "5 (4 in pairs)", "[−1.2, +0.3]"],
)
def test_numbers_with_their_notes_are_numeric(text: str) -> None:
    assert is_numeric(text)


@pytest.mark.parametrize("text", ["cosine", "true", "39 to over 50", "2 of 5", "0% to 12%", "4x4", "none (notebook)"])
def test_words_are_not_numeric(text: str) -> None:
    assert not is_numeric(text)
