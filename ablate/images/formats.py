"""The formats of picture files: how each is decoded to an array (H, W, C), and encoded again.

To add one, write a class like `NumPy` and list it in `FORMATS`. Each library is imported where it is used.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage
    from PIL.ImageFile import ImageFile

    Decoded = tuple[NDArray[Any], Any]


class PictureError(Exception):
    """A file that is intact, but breaks a rule, which is the message."""


class Format(ABC):
    """A format. Any error other than PictureError while decoding means that the file is damaged."""

    name: ClassVar[str]

    @staticmethod
    @abstractmethod
    def decode(content: bytes) -> Decoded:
        """The pixels (H, W, C) in a file, and whatever `encode` needs to write others in the same way."""

    @staticmethod
    @abstractmethod
    def encode(pixels_HWC: NDArray[Any], details: Any) -> bytes:
        """The content of a file with these pixels."""


class Png(Format):
    """Grey or RGB, of 8 or 16 bits. Pillow halves the precision of RGB with 16 bits, so imagecodecs reads that."""

    name = "PNG"

    @staticmethod
    def decode(content: bytes) -> Decoded:
        """See `Format`."""
        with _open(content, "PNG") as image:
            stored = str(image.tile[0][3])  # how Pillow finds the pixels: as "L;4" or "RGB;16B"
            if stored in ("1", "L;2", "L;4"):
                raise PictureError(f"a PNG with {stored[-1]} bits per pixel; allowed: 8 or 16")
            _check_mode(image.mode, image.info)
            details = _details(image)
            if stored != "RGB;16B":
                return _pixels(image), details
            from imagecodecs import png_decode

            return _upright(png_decode(content), _orientation(image)), details

    @staticmethod
    def encode(pixels_HWC: NDArray[Any], details: Any) -> bytes:
        """See `Format`."""
        if pixels_HWC.dtype == np.uint16 and pixels_HWC.shape[2] == 3:
            from imagecodecs import png_encode

            return _with_chunks(bytes(png_encode(pixels_HWC)), details)
        return _save(pixels_HWC, "PNG", details)


class Jpeg(Format):
    """Grey or colour with 8 bits, written with the quantisation tables and the subsampling that it came with."""

    name = "JPEG"

    @staticmethod
    def decode(content: bytes) -> Decoded:
        """See `Format`."""
        from PIL.JpegImagePlugin import get_sampling

        with _open(content, "JPEG") as image:
            _check_mode(image.mode, image.info)
            tables = {"qtables": image.quantization, "subsampling": get_sampling(image)}  # type: ignore[attr-defined]
            return _pixels(image), _details(image) | tables

    @staticmethod
    def encode(pixels_HWC: NDArray[Any], details: Any) -> bytes:
        """See `Format`."""
        return _save(pixels_HWC, "JPEG", details)


class Tiff(Format):
    """One page, grey or RGB or of any number of channels, uncompressed or with a compression that loses nothing."""

    name = "TIFF"
    lossless = ("NONE", "LZW", "DEFLATE", "ADOBE_DEFLATE", "PACKBITS", "LZMA", "ZSTD")

    @staticmethod
    def decode(content: bytes) -> Decoded:
        """See `Format`."""
        from tifffile import TiffFile

        with TiffFile(io.BytesIO(content)) as file:
            if len(file.pages) != 1:
                raise PictureError(f"a TIFF with {len(file.pages)} pages; allowed: one")
            page: Any = file.pages.first
            _check_page(page)
            details = {
                "photometric": page.photometric.name,
                "planarconfig": page.planarconfig.name if page.ndim == 3 else None,
                "compression": None if page.compression.name == "NONE" else page.compression.name,
                "extrasamples": [0] * len(page.extrasamples) or None,
                "iccprofile": page.iccprofile,
            }
            pixels = np.atleast_3d(page.asarray())
            upright = np.moveaxis(pixels, 0, -1) if page.axes == "SYX" else pixels
            return _upright(upright, int(page.tags.valueof(ORIENTATION, 1))), details

    @staticmethod
    def encode(pixels_HWC: NDArray[Any], details: Any) -> bytes:
        """See `Format`."""
        from tifffile import imwrite

        file = io.BytesIO()
        planes = details["planarconfig"] == "SEPARATE"
        pixels = (
            np.moveaxis(pixels_HWC, -1, 0) if planes else pixels_HWC if details["planarconfig"] else pixels_HWC[..., 0]
        )
        imwrite(file, np.ascontiguousarray(pixels), **details, metadata=None)
        return file.getvalue()


class NumPy(Format):
    """An array (H, W) or (H, W, C)."""

    name = "NumPy"

    @staticmethod
    def decode(content: bytes) -> Decoded:
        """See `Format`."""
        pixels = np.load(io.BytesIO(content), allow_pickle=False)
        if not isinstance(pixels, np.ndarray) or pixels.ndim not in (2, 3):
            shape = getattr(pixels, "shape", "of an archive")
            raise PictureError(f"an array of shape {shape}; allowed: (height, width) or (height, width, channels)")
        return pixels.reshape(*pixels.shape[:2], -1) if pixels.size else pixels, pixels.ndim

    @staticmethod
    def encode(pixels_HWC: NDArray[Any], details: Any) -> bytes:
        """See `Format`."""
        file = io.BytesIO()
        np.save(file, pixels_HWC[..., 0] if details == 2 else pixels_HWC, allow_pickle=False)
        return file.getvalue()


FORMATS: dict[str, type[Format]] = {
    ".png": Png,
    ".jpg": Jpeg,
    ".jpeg": Jpeg,
    ".tif": Tiff,
    ".tiff": Tiff,
    ".npy": NumPy,
}
"""The formats by the suffixes of files."""

MODES = ("L", "RGB", "I;16")
"""What Pillow calls grey and RGB of 8 bits, and grey of 16."""

ORIENTATION = 274
"""The number of the tag, in EXIF and in TIFF."""

UPRIGHT: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: np.fliplr,
    3: partial(np.rot90, k=2),
    4: np.flipud,
    5: lambda pixels: np.swapaxes(pixels, 0, 1),
    6: partial(np.rot90, k=3),
    7: lambda pixels: np.swapaxes(np.rot90(pixels, 2), 0, 1),
    8: np.rot90,
}
"""How to turn (H, W, C) upright, by the value of the tag."""


def _open(content: bytes, name: str) -> ImageFile:
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # large pictures are what the user has
        try:
            return Image.open(io.BytesIO(content), formats=(name,))
        except UnidentifiedImageError:  # its message names an object in memory
            raise ValueError(f"its first bytes are not those of a {name} file") from None


def _check_mode(mode: str, info: dict[Any, Any]) -> None:
    if mode in ("P", "PA"):
        raise PictureError("a palette picture; allowed: grey or RGB, so convert it first")
    if "A" in mode or "a" in mode or "transparency" in info:
        raise PictureError("a picture with an alpha channel; allowed: grey or RGB, so remove the channel first")
    if mode not in MODES:
        raise PictureError(f"a picture in mode {mode}; allowed: grey or RGB")


def _pixels(image: PillowImage) -> NDArray[Any]:
    pixels = np.array(image)  # decodes it: an error if it is cut short
    return _upright(pixels.reshape(*pixels.shape[:2], -1), _orientation(image))


def _orientation(image: PillowImage) -> int:
    return int(image.getexif().get(ORIENTATION, 1))


def _upright(pixels_HWC: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn pixels upright that are stored in one of the eight orientations of EXIF and TIFF."""
    turn = UPRIGHT.get(orientation)
    return turn(pixels_HWC) if turn else pixels_HWC


def _details(image: PillowImage) -> dict[str, Any]:
    """What Pillow writes again: the colour profile and the resolution, but not EXIF, whose orientation is applied."""
    return {name: image.info[name] for name in ("icc_profile", "dpi") if name in image.info}


def _save(pixels_HWC: NDArray[Any], name: str, details: dict[str, Any]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    image = Image.fromarray(pixels_HWC[..., 0] if pixels_HWC.shape[2] == 1 else pixels_HWC)
    image.save(file, name, **details)
    return file.getvalue()


def _with_chunks(content: bytes, details: dict[str, Any]) -> bytes:
    """A PNG with the colour profile and the resolution of `_details`, in chunks behind its header (33 bytes)."""
    chunks = b""
    if profile := details.get("icc_profile"):
        chunks += _chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile))
    if "dpi" in details:
        per_metre = [round(value / 0.0254) for value in details["dpi"]]
        chunks += _chunk(b"pHYs", struct.pack(">IIB", *per_metre, 1))
    return content[:33] + chunks + content[33:]


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _check_page(page: Any) -> None:
    """Raise PictureError unless a page of a TIFF is grey or RGB, without alpha, and of whole bytes."""
    if page.photometric.name == "PALETTE":
        raise PictureError("a palette picture; allowed: grey or RGB, so convert it first")
    if any(int(kind) in (1, 2) for kind in page.extrasamples):
        raise PictureError("a picture with an alpha channel; allowed: grey or RGB, so remove the channel first")
    if page.photometric.name not in ("MINISBLACK", "RGB"):
        raise PictureError(f"a TIFF whose colours are {page.photometric.name}; allowed: MINISBLACK, RGB")
    if page.bitspersample not in (8, 16, 32, 64):
        raise PictureError(f"a TIFF with {page.bitspersample} bits per value; allowed: 8 or 16, or floats")
    if page.compression.name not in Tiff.lossless:
        raise PictureError(f"a TIFF compressed by {page.compression.name}; allowed: {', '.join(Tiff.lossless)}")
    if page.axes not in ("YX", "YXS", "SYX"):
        raise PictureError(f"a TIFF with the axes {page.axes}; allowed: one picture of height, width and channels")
