import io
import re

import pytest
from rich.console import Console

from ablate.pipeline.progress import LiveView, LogView, describe, make_view
from ablate.training.events import Adopted, Ended, EpochEnded, Event, Failed, Started, Stopped
from tests.helpers.tiny import tiny_run

RUN = tiny_run()
LABELS = {RUN.id: "heads=2 [x] seed 0"}
ROW = {"epoch": 1, "train/loss": 0.25, "val/psnr": 21.5, "time/images_per_second": 190.4}
EVENTS: list[Event] = [
    Started(1, "cpu"),
    EpochEnded([ROW], b""),
    Ended("finished", {"test/psnr": 22.0}, b"", b"", {}, []),
]


class Tty(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


def console(*, terminal: bool) -> Console:
    return Console(file=Tty() if terminal else io.StringIO(), width=120, _environ={})


def shown(view: LogView | LiveView) -> str:
    with view:
        for event in EVENTS:
            view(RUN, event)
    assert isinstance(view.console.file, io.StringIO)
    return view.console.file.getvalue()


def test_a_terminal_gets_live_lines_and_a_file_plain_ones() -> None:
    assert isinstance(make_view(console(terminal=True), LABELS, {RUN.id: 2}, {}), LiveView)
    assert isinstance(make_view(console(terminal=False), LABELS, {RUN.id: 2}, {}), LogView)


@pytest.mark.parametrize(
    ("file", "variables"),
    [
        (io.StringIO(), {"FORCE_COLOR": "1"}),
        (io.StringIO(), {"TTY_COMPATIBLE": "1"}),
        (Tty(), {"TERM": "dumb"}),
        (Tty(), {"TERM": "unknown"}),
        (Tty(), {"TTY_INTERACTIVE": "0"}),
    ],
)
def test_where_no_cursor_can_move_there_are_plain_lines(file: io.StringIO, variables: dict[str, str]) -> None:
    view = make_view(Console(file=file, _environ=variables), LABELS, {RUN.id: 2}, {})
    assert isinstance(view, LogView)
    assert "epoch 1/2" in shown(view)


def test_the_log_has_one_plain_line_an_event() -> None:
    assert shown(LogView(console(terminal=False), LABELS)).splitlines() == [
        "heads=2 [x] seed 0: started in slot 1 on cpu",
        "heads=2 [x] seed 0: epoch 1/2, loss 0.25000, validation 21.50 dB, 190 images/s",
        "heads=2 [x] seed 0: finished, test 22.00 dB",
    ]


@pytest.mark.parametrize(
    "text", ["heads=2 [x] seed 0", "loss 0.25000", "190 images/s", "sweep", "1/2", "test 22.00 dB"]
)
def test_the_live_view_shows_the_slot_the_sweep_and_the_result(text: str) -> None:
    assert text in shown(LiveView(console(terminal=True), LABELS, {RUN.id: 2}, {}))


def test_a_run_that_is_adopted_counts_as_trained_and_says_where_it_comes_from() -> None:
    view = LiveView(console(terminal=True), LABELS, {RUN.id: 2}, {})
    with view:
        view(RUN, Adopted("run 1a2b in server.db", 2))
        assert view.progress.tasks[0].completed == view.progress.tasks[0].total == 2
    assert isinstance(view.console.file, io.StringIO)
    assert "heads=2 [x] seed 0: adopted from run 1a2b in server.db" in view.console.file.getvalue()


def test_the_sweep_is_done_when_its_runs_have_ended_or_failed() -> None:
    view = LiveView(console(terminal=True), LABELS, expected={RUN.id: 2}, done={})
    with view:
        view(RUN, Started(0, "cpu"))
        view(RUN, Failed("out of memory"))
    assert view.progress.tasks[0].finished


def test_a_run_without_scores_is_described_all_the_same() -> None:
    assert describe(RUN, Ended("diverged", {}, b"", b"", {}, [])) == "diverged"


def test_epochs_of_an_earlier_sweep_are_behind_it_from_the_start() -> None:
    with LiveView(console(terminal=True), LABELS, expected={RUN.id: 2}, done={RUN.id: 1}) as view:
        assert view.progress.tasks[0].completed == 1


def test_the_sweep_grows_by_runs_that_were_not_foreseen_and_shrinks_by_those_that_are_stopped() -> None:
    with LiveView(console(terminal=True), LABELS, expected={}, done={}) as view:
        view(RUN, Started(0, "cpu"))
        assert view.progress.tasks[0].total == RUN.training.epochs
        view(RUN, Stopped())
        assert view.progress.tasks[0].total == 0
        view(RUN, Started(0, "cpu"))
        assert view.progress.tasks[0].total == RUN.training.epochs


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("depth", [2, 12])
@pytest.mark.parametrize("comma", [", ", ","])
def test_in_a_narrow_terminal_names_counts_time_left_loss_and_speed_are_complete(
    comma: str, depth: int, width: int
) -> None:
    label = comma.join(["data.filled.density=0.0003", "data.noisy.density=0.0003", f"depth={depth} seed 0"])
    narrow = Console(file=io.StringIO(), force_terminal=True, width=width)
    view = LiveView(narrow, {RUN.id: label}, {RUN.id: 2}, {})
    with view:
        view(RUN, EVENTS[0])
        view(RUN, EVENTS[1])
        still = Console(file=io.StringIO(), width=width)
        still.print(view.progress.get_renderable())
    assert isinstance(still.file, io.StringIO)
    text = still.file.getvalue()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    assert set(re.split("[ ,]+", label)) <= set(re.split(r"[\s,]+", text)), (
        "a name continues on the next line, without breaking a word"
    )
    assert all(part in text for part in ("loss 0.25000  190 images/s", "1/2"))
    assert "0:00" in text or "-:--:--" in text


def test_a_stopped_run_is_described_as_its_strategy_says() -> None:
    assert describe(RUN, Stopped()) == "stopped: no longer needed"
    assert describe(RUN, Stopped(), "pruned") == "pruned"


def test_what_a_run_is_below_that_has_learned_nothing_is_named_by_the_source_of_its_images() -> None:
    event = Ended("finished", {"test/psnr": 12.0, "zero/psnr": 17.3}, b"", b"", {}, [])
    assert describe(RUN, event).endswith("; below predicting zero, so it has learned nothing")
    pictures = tiny_run(data__source="images", data__path="pics", data__noise=["gaussian"])
    assert "below predicting the mean of the training pictures, so" in describe(pictures, event)
