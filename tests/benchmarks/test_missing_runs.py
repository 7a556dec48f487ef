"""The documentation has the numbers of the page on runs that never end, and that page has those of the program."""

import re

import pytest

from benchmarks import missing_runs
from benchmarks.missing_runs import PATTERNS, STUDIES, cells, measure
from tests.helpers.committed import ROOT

TEXT = " ".join((ROOT / "docs" / "verdicts.md").read_text().split())
ROWS = [line.strip("| ").split(" | ") for line in missing_runs.PAGE.read_text().splitlines() if line.count("|") == 6][
    2:
]


def largest(column: int, missing: str = "") -> float:
    return max(float(row[column].strip("*")) for row in ROWS if missing in ("", row[2]))


def test_the_documentation_has_the_largest_numbers_of_the_page() -> None:
    found = re.search(
        r"at most (\S+)% of the comparisons .* `missing: 1` at most (\S+)% did, and with `missing: 2` at most (\S+)%\. "
        r".* at most (\S+)% of these .* uncertainty of (\S+) studies",
        TEXT,
    )
    assert found
    rates = [*(largest(3, missing) for missing in ("0", "1", "2")), largest(4)]
    assert [float(number) for number in found.groups()] == [*rates, STUDIES]


def test_the_page_has_every_pattern_with_and_without_the_key() -> None:
    assert [row[:3] for row in ROWS] == [
        [pattern.name, count, missing] for pattern in PATTERNS for count in ("3", "5") for missing in ("0", "1", "2")
    ]
    assert not any("**" in cell for row in ROWS for cell in row), "no error is over 5% by more than chance"


@pytest.mark.parametrize("pattern", PATTERNS[:2], ids=lambda pattern: pattern.name)
def test_the_page_has_the_numbers_that_the_program_measures(pattern: missing_runs.Missing) -> None:
    (row,) = [row for row in ROWS if row[:3] == [pattern.name, "3", "1"]]
    assert " | ".join(row[3:]) == cells(measure(pattern, 3, 1, STUDIES), STUDIES)
