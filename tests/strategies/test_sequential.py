"""Seeds until decided as a strategy: what it proposes, in whatever order results come, and after any kill."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.records.record import PENDING
from ablate.records.tables import read_course
from ablate.settings import Run
from ablate.strategies import Outcome
from ablate.strategies.sequential import UntilDecided
from ablate.studies.planning import Cell, Design
from tests.helpers.courses import study_of, table, usual

relaxed = settings(deadline=None, max_examples=10)


class Slots:
    """A sweep without training: each slot takes the first run that is proposed, and ends when chance says so."""

    def __init__(self, study: Design, slots: int, seed: int) -> None:
        self.study, self.slots, self.chance = study, slots, random.Random(seed)
        self.cells: dict[str, Cell] = {cell.run.id: cell for cell in study.cells}
        self.outcomes: dict[str, Outcome] = {}
        self.busy: list[int] = []

    def take(self, run: Run) -> None:
        """End a run with its made-up score."""
        cell = self.cells[run.id]
        results = {"test/psnr": usual(cell.arm.name, cell.seed), "cost/train_seconds": 100.0}
        self.outcomes[run.id] = Outcome("finished", (), results)

    def play(self, kill: float = 0.0) -> UntilDecided:
        """To the end; a kill forgets the strategy, but nothing that is recorded."""
        strategy = UntilDecided(self.study, lambda: self.slots)
        while running := self.running(strategy):
            self.busy.append(len(running))
            self.take(self.chance.choice(running))
            if self.chance.random() < kill:
                strategy = UntilDecided(self.study, lambda: self.slots)
        return strategy

    def running(self, strategy: UntilDecided) -> list[Run]:
        proposed = strategy.propose(self.outcomes)
        self.outcomes |= {run.id: Outcome("absent") for run in proposed if run.id not in self.outcomes}
        return [run for run in proposed if is_open(self.outcomes[run.id])][: self.slots]


def is_open(outcome: Outcome) -> bool:
    return outcome.status in PENDING


@relaxed
@given(st.integers(1, 9), st.integers(0, 999), st.sampled_from([0.0, 0.2]))
def test_whatever_the_order_the_slots_and_the_kills_the_course_is_the_same(slots: int, seed: int, kill: float) -> None:
    assert Slots(study_of(), slots, seed).play(kill).course == read_course(study_of(), table(study_of()))


@relaxed
@given(st.integers(2, 6), st.integers(0, 999))
def test_no_slot_is_idle_while_an_arm_may_still_need_seeds(slots: int, seed: int) -> None:
    sweep = Slots(study_of(), slots, seed)
    sweep.play()
    last_look = sweep.busy[: -slots * 2]  # then nothing may be left to start
    assert set(last_look) == {slots}


def test_only_the_arms_that_may_need_them_get_seeds_ahead() -> None:
    sweep = Slots(study_of(), slots=4, seed=0)
    strategy = UntilDecided(sweep.study, lambda: 4)
    first = strategy.propose({})
    assert len(first) == 12, "four arms at three seeds keep four slots busy"
    for run in first[:-1]:
        sweep.take(run)
    ahead = strategy.propose(sweep.outcomes)[12:]
    found = [(sweep.cells[run.id].arm.name, sweep.cells[run.id].seed) for run in ahead]
    assert len(found) == 3, "one for each slot that would be idle"
    assert found == [("reference", 3), ("unsure", 3), ("reference", 4)], "the others are decided already"


@pytest.mark.parametrize("limit", [{"runs": 17}, {"budget": "1700s"}])
def test_nothing_is_trained_beyond_a_budget(limit: dict[str, object]) -> None:
    sweep = Slots(study_of(**limit), slots=8, seed=1)
    sweep.play()
    assert sum(outcome.status == "finished" for outcome in sweep.outcomes.values()) == 16, "another look takes 22"


@pytest.mark.parametrize("outcome", [Outcome("failed"), Outcome("timed out"), Outcome("lost")])
def test_a_run_that_failed_or_is_left_to_the_next_sweep_ends_only_its_own_arm(outcome: Outcome) -> None:
    sweep = Slots(study_of(), slots=2, seed=0)
    broken = next(cell.run for cell in sweep.study.cells if (cell.arm.name, cell.seed) == ("same", 1))
    sweep.outcomes[broken.id] = outcome
    course = sweep.play().course
    assert course is not None
    assert course.end("same", "reference") == "failed"
    assert course.end("unsure", "reference") == "last look"
