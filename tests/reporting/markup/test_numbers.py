"""How numbers are shown, held against the examples of the rule's authors."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.reporting.markup.numbers import digits_for, fixed, interval_digits, listed, percent, signed

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
    assert fixed(value, digits_for(uncertainty, 4)) == shown


def test_an_uncertainty_that_rounds_up_to_the_next_power_of_ten_keeps_two_digits() -> None:
    assert digits_for(0.0951, 4) == digits_for(0.1, 4) == 2


@given(SIZES)
def test_the_last_digit_is_worth_between_a_third_and_a_thirtieth_of_the_uncertainty(uncertainty: float) -> None:
    assert 3.54 <= uncertainty * 10 ** digits_for(uncertainty, 4) <= 35.5


@pytest.mark.parametrize("uncertainty", [math.nan, 0.0, math.inf, 1e-15])
def test_without_an_uncertainty_the_metrics_own_decimals_are_shown(uncertainty: float) -> None:
    assert digits_for(uncertainty, 2) == 2


@given(VALUES, VALUES, st.floats(0.001, 10), st.integers(0, 3))
def test_what_is_shown_of_an_interval_agrees_with_its_verdict(
    low: float, high: float, margin: float, least: int
) -> None:
    marks = (-margin, 0.0, margin)
    digits = interval_digits((low, high), least, marks)
    assert least <= digits <= 8
    for end in (low, high):
        for mark in marks:
            assert digits == 8 or (round(end, digits) > mark, round(end, digits) < mark) == (end > mark, end < mark)


def test_an_end_just_inside_the_margin_does_not_look_like_the_margin() -> None:
    assert interval_digits((-0.1, 0.2496), 2, (-0.25, 0, 0.25)) == 4


def test_an_endless_interval_asks_for_no_digits() -> None:
    assert interval_digits((-math.inf, math.inf), 2, (-0.25, 0, 0.25)) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(-1.234, "−1.23"), (-0.001, "0.00"), (2.0, "2.00"), (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "–")],
)
def test_numbers_are_printed_as_readers_expect(value: float, text: str) -> None:
    assert fixed(value, 2) == text


def test_differences_show_their_sign() -> None:
    assert [signed(value, 2) for value in (0.5, -0.5, 0.0, math.inf)] == ["+0.50", "−0.50", "0.00", "+∞"]


def test_thousands_stand_apart() -> None:
    assert fixed(171317.0) == "171,317"


def test_shares_are_per_cents() -> None:
    assert [percent(share) for share in (0.0, 0.034, 0.116, 1.0)] == ["0%", "3.4%", "12%", "100%"]


def test_lists_read_as_sentences() -> None:
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
