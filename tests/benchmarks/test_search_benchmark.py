"""The text of the benchmark of searches follows from its numbers."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from benchmarks.search import CONFIDENCE, PAGE, REPEATS, TRIALS, Outcome, compare, gain, make_search, page


def found(advantage: float, spread: float = 0.1) -> list[Outcome]:
    """Five repeats in which TPE is better by about `advantage` dB."""
    noise = np.random.default_rng(0).normal(0, spread, 5)
    tpe = [Outcome("tpe", n, [20.0 + n, 25.0 + advantage + noise[n]], 24.0 + advantage + noise[n]) for n in range(5)]
    return [*tpe, *(Outcome("random", n, [20.0 + n, 25.0], 24.0) for n in range(5))]


@pytest.mark.parametrize(
    ("advantage", "said"), [(1, "better than random here"), (-1, "worse than random here"), (0, "not shown to differ")]
)
def test_the_sentence_follows_from_the_interval(advantage: float, said: str) -> None:
    result = compare(found(advantage), "fresh")
    assert result.sentence.startswith(said)
    assert result.low < result.mean < result.high
    assert said in page(found(advantage))


def test_the_interval_is_that_of_a_paired_t_test() -> None:
    tpe, random = np.array([1.0, 2.0, 4.0]), np.array([0.5, 2.5, 3.0])
    mean, sem = (tpe - random).mean(), stats.sem(tpe - random)
    expected = stats.t.interval(CONFIDENCE, 2, mean, sem)
    result = gain(tpe.tolist(), random.tolist())
    assert (result.low, result.high) == pytest.approx(expected)


def test_both_samplers_have_the_same_budget_space_and_seed() -> None:
    searches = [make_search(sampler, 3, 7).model_dump(exclude={"name", "sampler"}) for sampler in ("tpe", "random")]
    assert searches[0] == searches[1]


def test_the_page_was_written_by_the_full_benchmark() -> None:
    text = Path(PAGE).read_text()
    assert f"{REPEATS} repeats" in text
    assert f"with {TRIALS}\ntrials" in text
    assert len(re.findall(r"^\| \d \|", text, flags=re.MULTILINE)) == REPEATS + 1  # plus one row of the other table


def test_the_docs_have_the_numbers_of_the_page() -> None:
    text = (PAGE.parent.parent / "docs" / "search.md").read_text()
    said = text.split("Is `tpe` better than random search?")[1].split("\n\n")[0]
    first = PAGE.read_text().split("**")[1]
    numbers = re.findall(r"[−+]?\d+\.\d+", first)
    assert re.findall(r"\d+\.\d+", said) == [number.lstrip("+") for number in numbers]
