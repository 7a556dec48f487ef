"""The terminal's view of a sweep: live lines on a terminal, plain log lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ablate.settings import Run
from ablate.training.events import Ended, EpochEnded, Event, Failed, Lost, Started, Stopped


@dataclass
class LogView:
    """One plain line an event."""

    console: Console
    labels: Mapping[str, object]

    def __call__(self, run: Run, event: Event) -> None:
        """Print what an event tells."""
        self.console.print(
            f"{self.labels[run.id]}: {describe(run, event)}", markup=False, highlight=False, soft_wrap=True
        )

    def __enter__(self) -> LogView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def describe(run: Run, event: Event) -> str:
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
            return f"{status}{when}{score}"
        case Lost(reason):
            return f"{reason}; it is tried once more"
        case Failed(reason, _, status):
            return f"{status}: {reason}"
        case Stopped():
            return "stopped, since it is not needed any more"


@dataclass
class LiveView:
    """One line per slot, and one for the sweep with the time left; ended runs scroll away above.

    `expected` counts the epochs of each run that is foreseen, or has started all the same; `done` counts those behind
    it, those of an earlier sweep included.
    """

    console: Console
    labels: Mapping[str, object]
    expected: dict[str, int]
    done: dict[str, int]
    lines: dict[int, TaskID] = field(default_factory=dict)
    slots: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> LiveView:
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("epochs  {task.fields[detail]}", markup=False),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self.console,
            speed_estimate_period=600,
        )
        self.sweep = self.progress.add_task(
            "sweep", total=sum(self.expected.values()), completed=sum(self.done.values()), detail=""
        )
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def __call__(self, run: Run, event: Event) -> None:
        """Show what an event tells."""
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
            case Ended() | Failed() | Stopped():
                self.expected[run.id] = self.done.get(run.id, 0)  # none is left to do
                self._count(run, self.expected[run.id])
                self._print(run, event)

    def _print(self, run: Run, event: Event) -> None:
        text = f"{self.labels[run.id]}: {describe(run, event)}"
        self.progress.console.print(text, markup=False, highlight=False)

    def _line(self, slot: int) -> TaskID:
        if slot not in self.lines:
            self.lines[slot] = self.progress.add_task("", total=None, detail="")
        return self.lines[slot]

    def _count(self, run: Run, epochs: int) -> None:
        self.done[run.id] = epochs
        self.progress.update(self.sweep, total=sum(self.expected.values()), completed=sum(self.done.values()))


def make_view(
    console: Console, labels: Mapping[str, object], expected: Mapping[str, int], done: Mapping[str, int]
) -> LogView | LiveView:
    """The view that suits where the output goes.

    Args:
        console: where to.
        labels: what each run is called, by its id.
        expected: the epochs of each run that is to be trained; `done` are those that it has behind it.
    """
    return LiveView(console, labels, dict(expected), dict(done)) if console.is_terminal else LogView(console, labels)
