"""`ablate denoise`: apply a trained network to pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli._runs import Arm, Seed, Study, find_run
from ablate.cli._shared import app, as_typed, err, terminal
from ablate.errors import AblateError

if TYPE_CHECKING:
    from ablate.pipeline.denoise import Written


@app.command()
def denoise(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[RUN] IMAGE...",
            help="A run, by its id or the beginning of it, and pictures: PNG, JPEG, TIFF or NumPy files.",
        ),
    ],
    output: Annotated[Path, typer.Option(help="The folder for the results.")] = Path("denoised"),
    study: Study = None,
    arm: Arm = None,
    seed: Seed = None,
    values: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--range",
            metavar="LOW HIGH",
            help="The pixel values that are 0 and 1 for the network. Default: as in training, or by the pixel type.",
        ),
    ] = None,
    side_by_side: Annotated[
        bool, typer.Option("--side-by-side", help="Also write NAME.both.SUFFIX, with each picture and its result.")
    ] = False,
) -> None:
    """Denoise pictures of any size with a trained network.

    Each result has the name, type, size and channels of its picture.
    """
    from ablate.records.record import Record

    record = Record(warn=terminal.warn)
    beginning, images = (None, words) if study else (words[0], words[1:])
    if values and values[0] >= values[1]:
        raise AblateError(f"--range {values[0]:g} {values[1]:g}: the first value must be below the second")
    if not images:
        raise AblateError(f"which pictures? type `ablate denoise {beginning} IMAGE...`")
    found = find_run(record, beginning, study, arm, seed)

    from ablate.pipeline.denoise import denoise_files
    from ablate.pipeline.trained import load_network

    model, paths = load_network(found, record), [as_typed(context, Path(image)) for image in images]
    folder = as_typed(context, output)
    each = denoise_files(model, found.run.model, paths, folder, values=values or found.range, side_by_side=side_by_side)
    done = list(_shown(each, len(paths)))
    written = sum(not item.error for item in done)
    terminal.say(f"{found}: denoised {written} of {len(paths)} pictures, in {folder}.")
    raise typer.Exit(0 if written == len(paths) else 2)


def _shown(each: Iterable[Written], count: int) -> Iterator[Written]:
    """Print why a picture was not denoised, and, if there are several, a progress bar."""
    from rich.progress import Progress

    with Progress(console=err, transient=True, disable=count < 2 or not err.is_terminal) as progress:
        bar = progress.add_task("denoising", total=count)
        for item in each:
            if item.error:
                terminal.warn(f"error: {item.error}")
            progress.advance(bar)
            yield item
