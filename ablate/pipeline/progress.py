"""The terminal's view of a sweep: live lines on a terminal that can move its cursor, plain log lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from ablate.pipeline.folding import Folded
from ablate.records.judged import has_learned_nothing
from ablate.training.events import Abandoned, Adopted, Ended, EpochEnded, Event, Failed, Lost, Started, Stopped

if TYPE_CHECKING:
    from ablate.settings import Run

STOPPED = "stopped: no longer needed"

BAR_FROM, DETAIL_FROM = 120, 100
"""Columns from which a terminal shows a bar, and the loss and speed beside the name of a run instead of below it."""


@dataclass
class LogView:
    """One plain line per event; `stopped` describes a run that its strategy stopped."""

    console: Console
    labels: Mapping[str, object]
    stopped: str = STOPPED

    def __call__(self, run: Run, event: Event) -> None:
        """Print an event."""
        self.console.print(
            f"{self.labels[run.id]}: {describe(run, event, self.stopped)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )

    def __enter__(self) -> LogView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def describe(run: Run, event: Event, stopped: str = STOPPED) -> str:
    """An event in a few words."""
    match event:
        case Started(slot, device):
            return f"started in slot {slot} on {device}"
        case EpochEnded(rows):
            row = rows[-1]
            rate = f"{row['time/images_per_second']:.0f} images/s"
            loss, psnr = row["train/loss"], row["val/psnr"]
            return f"epoch {len(rows)}/{run.training.epochs}, loss {loss:.5f}, validation {psnr:.2f} dB, {rate}"
        case Ended(status, results):
            score = f", test {results['test/psnr']:.2f} dB" if "test/psnr" in results else ""
            when = f" in epoch {results['diverged/epoch']}" if "diverged/epoch" in results else ""
            below = f"; below predicting {run.data.constant_prediction}, so it has learned nothing"
            return f"{status}{when}{score}{below if has_learned_nothing(results) else ''}"
        case Lost(reason):
            return f"{reason}; it is tried again"
        case Failed(reason, _, status):
            return f"{status}: {reason}"
        case Stopped():
            return stopped
        case Abandoned(reason):
            return f"{reason}; the next sweep resumes it"
        case Adopted(source):
            return f"adopted from {source}"


class NameColumn(ProgressColumn):
    """The name of a run, on as many lines as it needs, and on request its loss and speed below it."""

    def __init__(self, *, with_detail: bool) -> None:
        super().__init__()
        self.with_detail = with_detail

    def render(self, task: Task) -> Folded:
        """The name of the run that a task shows."""
        below = task.fields["detail"] if self.with_detail else ""
        return Folded("\n".join(filter(None, (task.description, below))))


@dataclass
class LiveView:
    """One line per slot, and one for the sweep with the time left; finished runs scroll away above.

    Attributes:
        expected: the epochs of each run that is planned, or has started without having been planned.
        done: the epochs that each run has finished, in earlier sweeps too.
        lines, slots: the line of each slot, and the slot of each run.
    """

    console: Console
    labels: Mapping[str, object]
    expected: dict[str, int]
    done: dict[str, int]
    stopped: str = STOPPED
    lines: dict[int, TaskID] = field(default_factory=dict)
    slots: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> LiveView:
        self.progress = Progress(*self._columns(), console=self.console, speed_estimate_period=600)
        self.sweep = self.progress.add_task(
            "sweep", total=sum(self.expected.values()), completed=sum(self.done.values()), detail=""
        )
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def _columns(self) -> Iterator[ProgressColumn]:
        """As many columns as the terminal has room for; long names continue on the next line."""
        yield NameColumn(with_detail=self.console.width < DETAIL_FROM)
        if self.console.width >= BAR_FROM:
            yield BarColumn(bar_width=24)
        yield MofNCompleteColumn()
        yield TextColumn("epochs")
        if self.console.width >= DETAIL_FROM:
            yield TextColumn("{task.fields[detail]}", markup=False)
        yield TimeRemainingColumn(elapsed_when_finished=True)

    def __call__(self, run: Run, event: Event) -> None:
        """Show an event."""
        match event:
            case Started(slot):
                self.slots[run.id] = slot
                self.expected[run.id] = run.training.epochs
                self._count(run, self.done.get(run.id, 0))
                line = self._line(slot)
                self.progress.reset(line, description=str(self.labels[run.id]), total=run.training.epochs, detail="")
            case EpochEnded(rows):
                self._count(run, len(rows))
                row = rows[-1]
                detail = f"loss {row['train/loss']:.5f}  {row['time/images_per_second']:.0f} images/s"
                self.progress.update(self._line(self.slots[run.id]), completed=len(rows), detail=detail)
            case Lost():
                self._print(run, event)
            case Adopted(_, epochs):
                self.expected[run.id] = epochs
                self._count(run, epochs)
                self._print(run, event)
            case Ended() | Failed() | Stopped() | Abandoned():
                self.expected[run.id] = self.done.get(run.id, 0)  # it has no epochs left
                self._count(run, self.expected[run.id])
                self._print(run, event)

    def _print(self, run: Run, event: Event) -> None:
        text = f"{self.labels[run.id]}: {describe(run, event, self.stopped)}"
        self.progress.console.print(text, markup=False, highlight=False)

    def _line(self, slot: int) -> TaskID:
        if slot not in self.lines:
            self.lines[slot] = self.progress.add_task("", total=None, detail="")
        return self.lines[slot]

    def _count(self, run: Run, epochs: int) -> None:
        self.done[run.id] = epochs
        self.progress.update(self.sweep, total=sum(self.expected.values()), completed=sum(self.done.values()))


def make_view(
    console: Console,
    labels: Mapping[str, object],
    expected: Mapping[str, int],
    done: Mapping[str, int],
    stopped: str = STOPPED,
) -> LogView | LiveView:
    """The view that suits where the output goes.

    Args:
        console: where to print.
        labels: the name of each run, by its id.
        expected: the epochs of each run that will be trained.
        done: the epochs that each run has already finished.
        stopped: describes a run that its strategy stopped.
    """
    if console.file.isatty() and console.is_interactive:  # FORCE_COLOR alone makes a file interactive for rich
        return LiveView(console, labels, dict(expected), dict(done), stopped)
    return LogView(console, labels, stopped)
