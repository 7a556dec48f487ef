"""Applies the trained network of a run to pictures in files, and writes them as they came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ablate.errors import AblateError
from ablate.images.files import Picture, encode_picture, read_picture, type_range
from ablate.images.tiles import map_tiles
from ablate.records.files import write_atomic

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from ablate.images.tiles import Predict
    from ablate.settings import ModelConfig

    Range = tuple[float, float]


@dataclass(frozen=True)
class Written:
    """A picture and what came of it: the files that were written, or why there are none."""

    path: Path
    files: tuple[Path, ...] = ()
    error: str | None = None


def denoise_files(
    model: nn.Module,
    config: ModelConfig,
    paths: Sequence[Path],
    output: Path,
    *,
    values: Range | None = None,
    side_by_side: bool = False,
) -> Iterator[Written]:
    """Denoise pictures in files, one after another. One that cannot be read does not stop the others.

    Args:
        model: the network, in evaluation mode.
        config: its settings, for the size of its tiles and its channels.
        paths: the pictures.
        output: the folder for the results, which have the names of the pictures.
        values: the values of the pictures that are 0 and 1 for the network; by default those of their type.
        side_by_side: whether to write also a picture with input and output side by side, `NAME.both.SUFFIX`.

    Raises:
        AblateError: two results would have the same name, or a result would replace its own picture.
        OSError: a result cannot be written.
    """
    results = {path: _results(path, output, side_by_side=side_by_side) for path in paths}
    _check_names(paths, results)
    output.mkdir(parents=True, exist_ok=True)
    for path in paths:
        try:
            picture = read_picture(path)
            _check_channels(picture, config)
        except AblateError as error:
            yield Written(path, error=str(error))
        except OSError as error:
            yield Written(path, error=f"{path}: {(error.strerror or str(error)).lower()}")
        else:
            clean = denoise(model, config, picture.pixels, values)
            written = [clean, *([np.concatenate([picture.pixels, clean], axis=1)] if side_by_side else [])]
            for file, pixels in zip(results[path], written, strict=True):
                write_atomic(file, encode_picture(pixels, picture))
            yield Written(path, results[path])


def denoise(
    model: nn.Module, config: ModelConfig, pixels_HWC: NDArray[Any], values: tuple[float, float] | None = None
) -> NDArray[Any]:
    """Denoise a picture of any size.

    The network works on values in units of full intensity, 0 to 1. The range of the picture is mapped to that and the
    result back. Integers are rounded and clipped to the range of their type; floats are neither.

    Args:
        model: the network, in evaluation mode.
        config: its settings.
        pixels_HWC: the picture, (H, W, C), of an unsigned integer type or of floats.
        values: the values that are 0 and 1 for the network; by default those of the type (`type_range`).

    Returns:
        The denoised picture, of the same shape and type.
    """
    low, high = values or type_range(pixels_HWC.dtype)
    picture_CHW = np.moveaxis((pixels_HWC.astype(np.float64) - low) / (high - low), -1, 0).astype(np.float32)
    added_CHW = map_tiles(predictor(model), picture_CHW, config.image_size, config.patch_size)
    clean_HWC = pixels_HWC + np.moveaxis(added_CHW, 0, -1) * (high - low)
    if pixels_HWC.dtype.kind == "u":
        clean_HWC = np.clip(np.rint(clean_HWC), *type_range(pixels_HWC.dtype))
    return clean_HWC.astype(pixels_HWC.dtype)


def predictor(model: nn.Module) -> Predict:
    """A network as a function of arrays of tiles, (B, C, h, w)."""
    import torch

    @torch.no_grad()
    def predict(tiles_BChw: NDArray[np.float32]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = model(torch.from_numpy(tiles_BChw)).numpy()
        return found

    return predict


def _results(path: Path, output: Path, *, side_by_side: bool) -> tuple[Path, ...]:
    """The files that are written for a picture."""
    both = (output / f"{path.stem}.both{path.suffix}",) if side_by_side else ()
    return (output / path.name, *both)


def _check_names(paths: Sequence[Path], results: Mapping[Path, tuple[Path, ...]]) -> None:
    twice = [name for name, count in Counter(path.name for path in paths).items() if count > 1]
    if twice:
        both = " and ".join(str(path) for path in paths if path.name == twice[0])
        raise AblateError(f"{both} have the same name, so their results would, too; denoise them one by one")
    source = {path.resolve(): path for path in paths}
    owner: dict[Path, Path] = {}
    for path, files in results.items():
        for file in files:
            if (replaced := source.get(file.resolve())) is not None:
                result = "the result" if replaced == path else f"a result of {path}"
                raise AblateError(
                    f"{replaced}: {result} would replace the picture; choose another folder with --output"
                )
            if (first := owner.setdefault(file, path)) is not path:
                raise AblateError(f"{first} and {path} would both be written to {file}; denoise them one by one")


def _check_channels(picture: Picture, config: ModelConfig) -> None:
    given, allowed = picture.pixels.shape[2], config.channels
    if given != allowed:
        words = {1: "1 (grey)", 3: "3 (colour)"}
        fact = f"{words.get(given, given)} channels, but the network was trained on {words.get(allowed, allowed)}"
        raise AblateError(f"{picture.path}: {fact}")
