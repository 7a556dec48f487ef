"""Items are computed while those before them are used."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.training import loop
from ablate.training.ahead import ahead
from tests.helpers.tiny import tiny_run


@given(st.lists(st.integers() | st.none()))
def test_the_same_items_come_in_the_same_order(items: list[int | None]) -> None:
    assert list(ahead(iter(items))) == items


def test_the_next_item_is_computed_while_one_is_used() -> None:
    computed = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        computed.set()
        yield 2

    for item in ahead(items()):
        assert computed.wait(timeout=30), f"nothing happens while {item} is used"


def test_an_exception_is_raised_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("the second")

    found = ahead(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="the second"):
        next(found)


def test_a_loop_that_ends_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    found = ahead(iter(range(100)))
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined]  # an iterator that is a generator
    assert threading.active_count() == before


def test_a_run_trains_on_the_same_scenes_whether_they_are_painted_ahead_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = loop.Trainer(tiny_run(), "cpu").train_epoch(0)
    trainer = loop.Trainer(tiny_run(), "cpu")
    painted = trainer._batches
    monkeypatch.setattr(trainer, "_batches", lambda epoch: ahead(painted(epoch)))
    assert trainer.train_epoch(0) == expected
