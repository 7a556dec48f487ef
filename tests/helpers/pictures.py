"""Folders of small pictures, written with libraries and not with what is tested, and studies of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ablate.data.task import Task
from ablate.overrides import resolve
from ablate.studies.contents import Contents
from tests.helpers.tiny import TINY

PICTURES = TINY | {"data.source": "images", "data.path": "pics", "data.noise": ["gaussian"]}


def smooth(number: int, height: int = 24, width: int = 30, channels: int = 1) -> NDArray[np.uint8]:
    """A picture with smooth structure, (H, W) or (H, W, C), another one for each number."""
    random = np.random.default_rng(number)
    planes = [
        np.asarray(Image.fromarray(random.integers(0, 255, (5, 5), np.uint8)).resize((width, height)))
        for _ in range(channels)
    ]
    return planes[0] if channels == 1 else np.stack(planes, axis=-1)


def write_pictures(folder: Path, count: int = 6, start: int = 0, **size: int) -> Path:
    """Write pictures `p0.png`, `p1.png`, ... into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(start, start + count):
        Image.fromarray(smooth(number, **size)).save(folder / f"p{number}.png")
    return folder


def picture_task(folder: Path, **changes: Any) -> Task:
    """The task of a folder; keywords are settings, with `__` in place of the dot."""
    overrides = {name.replace("__", "."): value for name, value in changes.items()}
    settings = Contents().fill(resolve(PICTURES | {"data.path": str(folder)} | overrides))
    return Task.of(settings.model, settings.data)


def write_picture_study(folder: Path, **changes: Any) -> Path:
    """Write the study `pictures.yaml` with two arms; keywords are settings, with `__` in place of the dot."""
    base = PICTURES | {name.replace("__", "."): value for name, value in changes.items()}
    lines = "\n".join(f"  {name}: {value}".replace("'", "") for name, value in base.items())
    arms = "arms: {with: {}, without: {model.skip: none}}\nreference: with\nseeds: 2\nmargin: 0.25\n"
    path = folder / "pictures.yaml"
    path.write_text(f"question: Do tiny networks need their skips?\nbase:\n{lines}\n{arms}")
    return path
