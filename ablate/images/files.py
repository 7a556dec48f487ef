"""Read pictures from files as arrays of their own type, and write arrays as files of the same kind.

H height, W width, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ablate.errors import AblateError
from ablate.images.formats import FORMATS, Format, PictureError

if TYPE_CHECKING:
    from numpy.typing import NDArray

TYPES = ("uint8", "uint16", "float16", "float32", "float64")
"""The types of pixels that a picture can have."""


@dataclass(frozen=True)
class Picture:
    """A picture and what its file needs to be written again.

    Attributes:
        path: the file.
        pixels: (H, W, C), in their own type; of upright pictures (the orientation in EXIF is applied).
        details: what else its format keeps, for instance a colour profile.
    """

    path: Path
    pixels: NDArray[Any]
    details: Any = None


def read_picture(path: Path) -> Picture:
    """Read a PNG, JPEG, TIFF or NumPy file with one grey or colour picture of 8 or 16 bits, or of floats.

    Raises:
        AblateError: the file is not such a picture, or is damaged; the message has its name and the rule.
        OSError: the file cannot be read.
    """
    _format_of(path)
    return decode_picture(path, path.read_bytes())


def decode_picture(path: Path, content: bytes) -> Picture:
    """The same for the content of the file, which has been read.

    Raises:
        AblateError: see `read_picture`.
    """
    kind = _format_of(path)
    try:
        pixels, details = kind.decode(content)
        _check_pixels(pixels)
    except PictureError as error:
        raise AblateError(f"{path}: {error}") from None
    except Exception as error:  # each library has its own for damaged files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise AblateError(f"{path}: not a complete {kind.name} file ({reason[:120]})") from None
    return Picture(path, pixels, details)


def encode_picture(pixels_HWC: NDArray[Any], like: Picture) -> bytes:
    """The content of a file with these pixels, of the same kind as a picture that was read.

    Args:
        pixels_HWC: (H, W, C), of the type and with the number of channels of `like`; height and width can differ.
        like: the picture whose format, compression and colour profile are kept, and of PNG and JPEG the resolution.
            JPEG is lossy; it is written with the quantisation tables of that picture.
    """
    return _format_of(like.path).encode(np.ascontiguousarray(pixels_HWC), like.details)


def type_range(dtype: np.dtype[Any]) -> tuple[float, float]:
    """The values of black and white by the type alone: 0 and the largest integer, or 0 and 1 for floats.

    >>> type_range(np.dtype("uint8")), type_range(np.dtype("float32"))
    ((0.0, 255.0), (0.0, 1.0))
    """
    return (0.0, float(np.iinfo(dtype).max)) if dtype.kind == "u" else (0.0, 1.0)


def _format_of(path: Path) -> type[Format]:
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise AblateError(f"{path}: not a picture by its name; allowed: {', '.join(FORMATS)}")
    return kind


def _check_pixels(pixels: NDArray[Any]) -> None:
    if pixels.dtype.name not in TYPES:
        raise PictureError(f"pixels of type {pixels.dtype.name}; allowed: {', '.join(TYPES)}")
    if pixels.size == 0:
        raise PictureError(f"a picture without pixels, of shape {pixels.shape}")
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise PictureError("pixels that are NaN or infinite; allowed: finite numbers")
