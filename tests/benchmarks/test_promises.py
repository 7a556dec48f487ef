"""The error rates in the documentation are those of the pages that the simulations write."""

import re
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from ablate.reporting.study.wrong import HELD, WRONG_AT_HALF
from benchmarks import bad_seeds, calibration, looks, spending, until_decided
from tests.helpers.committed import ROOT

VERDICTS = (ROOT / "docs" / "verdicts.md").read_text()
TEXT = " ".join(VERDICTS.split())


def rows(page: Path, heading: str) -> dict[str, list[str]]:
    """The cells of the first table below a heading (or of the page) by their first cell; bold numbers as plain ones."""
    lines = page.read_text().split(heading, 1)[1].splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("|"))
    found = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = (cell.strip().replace("*", "") for cell in line.strip("|").split("|"))
        found[name] = cells
    return found


SUMMARY = rows(calibration.PAGE, "# Calibration")


def kept(noise: str) -> float:
    """The percentage of studies in which all verdicts hold, by any margin, in the worst size of study."""
    return round(100 - float(SUMMARY[noise][2].split()[0]), 1)


KEPT = ("normal", "one arm ×5", "reference ×5", "heavy tails", "drops", "late starters", "fail together")


@pytest.mark.parametrize("noise", KEPT)
def test_the_noises_of_the_first_row_are_kept_in_all_sizes_of_study(noise: str) -> None:
    count, total = re.fullmatch(r"(\d+) of (\d+) sizes of study", SUMMARY[noise][3]).groups()  # type: ignore[union-attr]
    assert count == total


@pytest.mark.parametrize(
    ("words", "noises"),
    [
        ("skewness of 1", ["skewness 1, every arm", "skewness 1, one arm", "skewness 1, reference"]),
        ("skewness of 2", ["skewness 2, every arm", "skewness 2, one arm", "skewness 2, reference"]),
        ("one arm alone](../benchmarks/calibration.md#one-arm-drops", ["one arm drops"]),
        ("the reference alone", ["reference drops"]),
        ("one arm alone](../benchmarks/calibration.md#windfalls", ["windfalls"]),
    ],
)
def test_a_row_of_the_documentation_has_the_worst_number_of_the_page(words: str, noises: list[str]) -> None:
    (line,) = [line for line in VERDICTS.splitlines() if line.startswith("|") and words in line]
    assert float(re.findall(r"in (\d+\.\d)%", line)[-1]) == min(map(kept, noises))


@pytest.mark.parametrize(
    ("words", "noises"),
    [
        ("trained as the notebook does it, resampled", ["heads, recorded", "depth, recorded"]),
        ("with [quieter settings](studies.md#quieter-runs), resampled", ["heads, quiet", "depth, quiet"]),
        ("resampled in the same way", ["8 normal seeds", "12 normal seeds"]),
    ],
)
def test_a_row_of_resampled_seeds_has_both_numbers_of_the_page(words: str, noises: list[str]) -> None:
    (line,) = [line for line in VERDICTS.splitlines() if line.startswith("|") and words in line]
    found = re.search(r"\| in (\d+\.\d)% and (\d+\.\d)% \|$", line)
    assert found
    assert [float(number) for number in found.groups()] == [kept(noise) for noise in noises]


def test_the_readme_says_how_often_verdicts_hold_under_the_noise_of_our_own_studies() -> None:
    text = " ".join((ROOT / "README.md").read_text().split())
    found = re.search(
        r'our own recorded seeds \(\[rows "(.+?)" and "(.+?)"\][^)]*\)\) it is (\d+) to (\d+)%, as for', text
    )
    assert found
    *names, low, high = found.groups()
    assert names == [name for name in SUMMARY if name.endswith(", quiet")]
    assert [int(low), int(high)] == sorted(round(kept(name)) for name in names)
    normal = [kept(f"{count} normal seeds") for count in (8, 12)]
    assert all(abs(kept(name) - of_normal) < 2 for name, of_normal in zip(names, normal, strict=True))


def test_the_errors_with_looks_are_those_of_the_page() -> None:
    found = re.search(r"normal noise at most (\S+)% had a wrong verdict; without this correction, up to (\S+)%\.", TEXT)
    table = rows(looks.PAGE, "upwards and downwards.")
    assert found
    assert list(found.groups()) == [table["ours"][0], table["uncorrected"][0]]


def test_the_errors_with_looks_for_our_own_seeds_are_those_of_the_page() -> None:
    found = re.search(r"with quieter settings, resampled as above, (\S+)% and (\S+)% had", TEXT)
    table = rows(looks.PAGE, "by kind of noise (as in calibration.md)")
    assert found
    assert list(found.groups()) == [table["heads, quiet"][0], table["depth, quiet"][0]]


def test_the_price_of_looks_is_that_of_the_page() -> None:
    """Five arms: the reference and four that are compared with it."""
    ours, fixed = (_five_arms(heading) for heading in ("## ours: ", "## fixed design: "))
    found = re.search(
        r"\(0\.5 dB\), (\S+)% were found with (\S+)% of the runs, instead of the (\S+)% of 12 fixed seeds\. Where they "
        r"vary by 0\.2 dB all were found, with (\S+)% of the runs; of equal arms (\S+)% were found equivalent instead "
        r"of (\S+)%, with (\S+)% of the runs",
        TEXT,
    )
    assert found
    wide, narrow = ours["0.5"], ours["0.2"]
    expected = [wide["right, 2 M"], wide["runs, 2 M"], fixed["0.5"]["right, 2 M"], narrow["runs, 2 M"]]
    expected += [narrow["right, 0 M"], fixed["0.2"]["right, 0 M"], narrow["runs, 0 M"]]
    assert list(found.groups()) == expected
    assert narrow["right, 2 M"] == "100.0"


def test_what_bad_runs_do_is_what_the_page_says() -> None:
    found = re.search(r"diverges in 5% of seeds, (\S+)% of studies with 12 seeds .*? about good seeds (\S+)% are", TEXT)
    lines = [line.strip("| ").split(" | ") for line in bad_seeds.PAGE.read_text().splitlines()]
    (line,) = [line for line in lines if line[:2] == ["the reference, 5% of runs", "12"]]
    assert found
    assert list(found.groups()) == [cell.strip("*") for cell in line[2:4]]
    assert all(float(cell) <= 5 for line in lines if len(line) == 6 and "5% of" in line[0] for cell in line[3::2])
    frequent = [line for line in lines if len(line) == 6 and re.search("(20|50)% of", line[0])]
    assert len(frequent) == 12, "three patterns, two rates and two numbers of seeds"
    held = {line[0] for line in lines if len(line) == 6 and "20% of" in line[0] and "**" not in "".join(line[3::2])}
    assert len(held) == 3, "about good seeds, verdicts hold where a fifth of runs are bad"
    said = re.search(r"half of the runs of one arm or of the reference are bad, up to (\S+)%", TEXT)
    assert said
    assert float(said[1]) == max(float(cell.strip("*")) for line in frequent for cell in line[3::2])
    bounds = re.search(r"the bound is therefore (\S+)%, as for 12 seeds, and not (\S+)%, as for 72", TEXT)
    assert bounds
    assert list(bounds.groups())[::-1] == next(line[2:4] for line in lines if line[:2] == ["6", "12"])


def test_reports_have_the_limit_for_bad_runs_that_the_page_shows() -> None:
    lines = [line.strip("| ").split(" | ") for line in bad_seeds.PAGE.read_text().splitlines()]
    shares = {line[0]: line[3::2] for line in lines if len(line) == 6 and line[1] == "12"}
    assert not any("**" in cell for name, cells in shares.items() if f"{HELD:.0%}" in name for cell in cells)
    at_half = [shares[f"{runs}, 50% of runs"] for runs in ("the reference", "one arm")]
    errors = [float(cell.strip("*")) for cells in at_half for cell in cells]
    assert f"{min(errors):.0f} to {max(errors):.0f}%" == WRONG_AT_HALF


def test_the_page_on_bad_runs_has_the_errors_that_the_program_measures() -> None:
    found = bad_seeds.measure(bad_seeds.PATTERNS[0], 12, bad_seeds.STUDIES, bad_seeds.zero)
    cells = " | ".join(bad_seeds.shown(error, bad_seeds.STUDIES) for error in (found.overall, found.good))
    assert f"| the reference, 5% of runs | 12 | {cells} |" in bad_seeds.PAGE.read_text()


def _five_arms(heading: str) -> dict[str, dict[str, str]]:
    """The lines for five arms below a heading of the page on looks, by sd and then by column."""
    section = looks.PAGE.read_text().split(heading)[1].split("\n## ")[0]
    names, _, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines()[2:])
    return {line[1]: dict(zip(names, line, strict=True)) for line in lines if line[0] == "5"}


def test_no_rule_between_even_and_obrien_fleming_settles_over_1_percent_more_per_run() -> None:
    table = rows(spending.PAGE, "## Over the effects")
    allowed = {name: float(cells[-1]) for name, cells in table.items() if name != "gamma 1"}
    assert allowed["gamma 0"] > 0.99 * max(allowed.values()) > allowed["O'Brien-Fleming"]


def test_that_holds_for_the_studies_as_they_are_now() -> None:
    studies = spending.recorded_studies()
    assert all(np.isfinite(one.means).all() and np.isfinite(one.covariance).all() for one in studies)
    found = {rule: spending.total(rule, studies, 400).per_run for rule in spending.RULES[1:]}
    assert found[spending.EVEN] > 0.99 * max(found.values())


def test_the_page_on_spending_has_the_lines_that_the_program_writes() -> None:
    """A line of simulated noise: the others follow from `reports/`, which anyone may write again on another machine."""
    *_, line = islice(spending.elsewhere(spending.STUDIES), 3)
    assert line in spending.PAGE.read_text()


def test_what_our_studies_settled_and_saved_is_the_sum_of_the_page() -> None:
    table = rows(until_decided.PAGE, "## The studies below")
    settled = np.array([list(map(int, cells[0].split(" of "))) for cells in table.values()]).sum(axis=0)
    planned, used = (sum(int(cells[place]) for cells in table.values()) for place in (1, 2))
    found = re.search(r"(\d+) of (\d+) comparisons, with (\d+) of the (\d+) runs that 12 seeds", TEXT)
    assert found
    assert list(map(int, found.groups())) == [*settled, used, planned]
