"""A sweep says once that the code was changed while it trained."""

from ablate.pipeline.same_code import SameCode
from ablate.records.requests import Label, RequestedRuns
from ablate.training.events import EpochEnded, Started
from tests.helpers.tiny import tiny_run


def test_a_sweep_says_once_that_its_code_was_changed() -> None:
    runs = [tiny_run(seed) for seed in range(3)]
    lines: list[str] = []
    listen = SameCode(RequestedRuns("s", "?", {run.id: Label("with", run.seed) for run in runs}), lines.append)
    for run, source in zip(runs, ("old", "new", "old"), strict=True):
        listen(run, Started(0, "cpu"))
        listen(run, EpochEnded([], b"", source))
        listen(run, EpochEnded([], b"", source))
    assert len(lines) == 1
    assert lines[0].startswith("with seed 1 is trained by other code than the runs before")
