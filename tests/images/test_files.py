"""Pictures are read and written in their own type, and what is not one is named in one message."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from ablate.errors import AblateError
from ablate.images.files import encode_picture, read_picture, type_range

Pixels = NDArray[Any]


def random_pixels(kind: str, *shape: int) -> Pixels:
    random = np.random.default_rng(0)
    dtype = np.dtype(kind)
    if dtype.kind == "f":
        return random.normal(0, 2, shape).astype(dtype)
    return random.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def write(path: Path, pixels: Pixels, **words: Any) -> Path:
    """Write a file with a library, not with what is tested."""
    if path.suffix == ".npy":
        np.save(path, pixels)
    elif path.suffix == ".tif":
        tifffile.imwrite(path, pixels, **words)
    elif pixels.dtype == np.uint16 and pixels.ndim == 3:
        path.write_bytes(imagecodecs.png_encode(pixels))
    else:
        Image.fromarray(pixels).save(path, **words)
    return path


LOSSLESS = [
    *[(".png", kind, shape) for kind in ("uint8", "uint16") for shape in ((5, 7), (5, 7, 3))],
    *[(".npy", kind, shape) for kind in ("uint8", "uint16", "float16", "float64") for shape in ((5, 7), (5, 7, 2))],
    *[(".npy", "float32", shape) for shape in ((5, 7, 1), (1, 1), (5, 7, 5))],
    *[(".tif", kind, shape) for kind in ("uint8", "uint16", "float32", "float64") for shape in ((5, 7), (5, 7, 3))],
]


@pytest.mark.parametrize(("suffix", "kind", "shape"), LOSSLESS)
def test_pixels_are_read_as_they_are_and_written_as_they_came(
    suffix: str, kind: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    pixels = random_pixels(kind, *shape)
    words = {"photometric": "rgb" if len(shape) == 3 else "minisblack"} if suffix == ".tif" else {}
    picture = read_picture(write(tmp_path / f"a{suffix}", pixels, **words))
    assert picture.pixels.shape == (*shape[:2], shape[2] if len(shape) == 3 else 1)
    assert picture.pixels.dtype == pixels.dtype
    assert np.array_equal(picture.pixels.reshape(shape), pixels)
    (tmp_path / f"b{suffix}").write_bytes(encode_picture(picture.pixels, picture))
    assert np.array_equal(by_library(tmp_path / f"b{suffix}"), pixels)
    assert by_library(tmp_path / f"b{suffix}").dtype == pixels.dtype


def by_library(path: Path) -> Pixels:
    if path.suffix == ".npy":
        return np.asarray(np.load(path, allow_pickle=False))
    if path.suffix == ".tif":
        return tifffile.imread(path)
    return np.asarray(imagecodecs.png_decode(path.read_bytes()))


TIFFS: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((3, 5, 7), {"photometric": "rgb", "planarconfig": "separate"}),
    ((5, 7, 5), {"photometric": "minisblack", "planarconfig": "contig", "extrasamples": [0] * 4}),
    *[((5, 7), {"photometric": "minisblack", "compression": name}) for name in ("lzw", "zlib", "packbits", "zstd")],
    ((5, 7), {"photometric": "minisblack", "byteorder": ">"}),
]


@pytest.mark.parametrize(("shape", "words"), TIFFS)
def test_a_tiff_keeps_its_layout_and_its_compression(
    shape: tuple[int, ...], words: dict[str, Any], tmp_path: Path
) -> None:
    picture = read_picture(write(tmp_path / "a.tif", random_pixels("uint16", *shape), **words))
    (tmp_path / "b.tif").write_bytes(encode_picture(picture.pixels, picture))
    with tifffile.TiffFile(tmp_path / "a.tif") as old, tifffile.TiffFile(tmp_path / "b.tif") as new:
        for name in ("shape", "axes", "compression", "photometric", "dtype", "extrasamples"):
            assert getattr(new.pages.first, name) == getattr(old.pages.first, name)
        assert np.array_equal(new.pages.first.asarray(), old.pages.first.asarray())


@pytest.mark.parametrize("shape", [(40, 56), (40, 56, 3)])
def test_a_jpeg_is_written_with_its_own_tables(shape: tuple[int, ...], tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(40), np.arange(56)).astype(np.uint8)
    pixels = smooth if len(shape) == 2 else np.stack([smooth, smooth // 2, 255 - smooth], axis=-1)
    picture = read_picture(write(tmp_path / "a.jpg", pixels, quality=71, dpi=(300, 300)))
    (tmp_path / "b.jpg").write_bytes(encode_picture(picture.pixels, picture))
    with Image.open(tmp_path / "a.jpg") as old, Image.open(tmp_path / "b.jpg") as new:
        assert new.quantization == old.quantization  # type: ignore[attr-defined]
        assert (new.mode, new.size, new.info["dpi"]) == (old.mode, old.size, (300, 300))
        assert np.abs(np.asarray(new).astype(int) - np.asarray(old)).max() <= 6


PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
@pytest.mark.parametrize(
    ("suffix", "kind"), [(".png", "uint8"), (".png", "uint16"), (".jpg", "uint8"), (".tif", "uint16")]
)
def test_the_colour_profile_is_kept(suffix: str, kind: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    words = {"iccprofile": PROFILE} if suffix == ".tif" else {"icc_profile": PROFILE, "dpi": (300, 300)}
    path, pixels = tmp_path / f"a{suffix}", random_pixels(kind, *shape)
    if suffix == ".png" and kind == "uint16" and len(shape) == 3:  # no library here writes one with a profile
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "b.png", **words)
        chunks = (tmp_path / "b.png").read_bytes()[33:]
        content = bytes(imagecodecs.png_encode(pixels))
        path.write_bytes(content[:33] + chunks[: chunks.index(b"IDAT") - 4] + content[33:])
    else:
        write(path, pixels, **words)
    picture = read_picture(path)
    path.write_bytes(encode_picture(picture.pixels, picture))
    if suffix == ".tif":
        with tifffile.TiffFile(path) as file:
            assert file.pages.first.iccprofile == PROFILE
        return
    with Image.open(path) as image:
        assert image.info["icc_profile"] == PROFILE
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    if suffix == ".png":
        assert np.array_equal(by_library(path), pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_the_orientation_that_a_camera_noted_is_applied(suffix: str, orientation: int, tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(24) * 5, np.arange(16)).astype(np.uint8)
    path = tmp_path / f"a{suffix}"
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(smooth).save(path, exif=exif)
    same = Image.fromarray(by_library(path) if suffix != ".jpg" else imagecodecs.jpeg8_decode(path.read_bytes()))
    same.getexif()[274] = orientation
    upright = np.asarray(ImageOps.exif_transpose(same))
    picture = read_picture(path)
    assert np.array_equal(picture.pixels[..., 0], upright)
    path.write_bytes(encode_picture(picture.pixels, picture))
    with Image.open(path) as image:
        assert image.size == upright.shape[::-1]
        assert image.getexif().get(274, 1) == 1


def saved(name: str, mode: str, **words: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (20, 20)).save(file, name, **words)
    return file.getvalue()


def tiff(pixels: Pixels, **words: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **words)
    return file.getvalue()


def npy(pixels: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, pixels)
    return file.getvalue()


RGBA = np.zeros((4, 5, 4), np.uint8)
BAD: list[tuple[str, Callable[[], bytes], str]] = [
    ("a.png", lambda: saved("PNG", "P"), "a palette picture"),
    ("a.png", lambda: saved("PNG", "RGBA"), "alpha channel"),
    ("a.png", lambda: saved("PNG", "LA"), "alpha channel"),
    ("a.png", lambda: bytes(imagecodecs.png_encode(RGBA.astype(np.uint16))), "alpha channel"),
    ("a.png", lambda: saved("PNG", "RGB", transparency=(0, 0, 0)), "alpha channel"),
    ("a.png", lambda: saved("PNG", "1"), "1 bits per pixel"),
    ("a.jpg", lambda: saved("JPEG", "CMYK"), "mode CMYK"),
    ("a.tif", lambda: saved("TIFF", "P"), "a palette picture"),
    ("a.tif", lambda: saved("TIFF", "1"), "1 bits per value"),
    ("a.tif", lambda: tiff(RGBA, photometric="rgb", extrasamples=["unassalpha"]), "alpha channel"),
    ("a.tif", lambda: tiff(RGBA[..., :3], photometric="rgb", compression="jpeg"), "YCBCR"),
    ("a.tif", lambda: tiff(np.zeros((40, 50), np.uint8), photometric="miniswhite"), "MINISWHITE"),
    ("a.tif", lambda: tiff(np.zeros((6, 40, 50), np.uint8), photometric="minisblack"), "6 pages"),
    ("a.tif", lambda: tiff(np.zeros((4, 5), np.int16)), "pixels of type int16"),
    ("a.npy", lambda: npy(np.zeros(5)), "an array of shape"),
    ("a.npy", lambda: npy(np.zeros((2, 3, 4, 5))), "an array of shape"),
    ("a.npy", lambda: npy(np.zeros((0, 5))), "without pixels"),
    ("a.npy", lambda: npy(np.zeros((4, 5), np.int64)), "pixels of type int64"),
    ("a.npy", lambda: npy(np.zeros((4, 5), bool)), "pixels of type bool"),
    ("a.npy", lambda: npy(np.full((4, 5), np.nan)), "NaN or infinite"),
    ("a.npy", lambda: npy(np.array([{}, {}])), "not a complete NumPy file"),
    ("a.png", lambda: b"", "not a complete PNG file"),
    ("a.png", lambda: saved("JPEG", "L"), "not a complete PNG file (its first bytes are not those of a PNG file)"),
    ("a.tif", lambda: b"II*\0", "not a complete TIFF file"),
    ("a.gif", lambda: saved("GIF", "L"), "allowed: .png, .jpg"),
    ("a", lambda: saved("PNG", "L"), "not a picture by its name"),
]


@pytest.mark.parametrize(("name", "content", "rule"), BAD)
def test_what_is_not_such_a_picture_is_named_with_the_rule(
    name: str, content: Callable[[], bytes], rule: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content())
    with pytest.raises(AblateError, match=r"^[^\n]+$") as caught:
        read_picture(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert rule in str(caught.value)


WHOLE: dict[str, Callable[[], bytes]] = {
    "a.png": lambda: bytes(imagecodecs.png_encode(random_pixels("uint8", 40, 50))),
    "b.png": lambda: bytes(imagecodecs.png_encode(random_pixels("uint16", 40, 50, 3))),
    "a.jpg": lambda: saved("JPEG", "RGB"),
    "a.tif": lambda: tiff(random_pixels("uint16", 40, 50)),
    "b.tif": lambda: tiff(random_pixels("float32", 40, 50), compression="lzw"),
    "c.tif": lambda: tiff(random_pixels("uint8", 40, 50, 3), photometric="rgb", compression="zlib"),
    "a.npy": lambda: npy(random_pixels("float32", 40, 50)),
}


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_was_cut_short_is_not_read(name: str, share: float, tmp_path: Path) -> None:
    path, content = tmp_path / name, WHOLE[name]()
    path.write_bytes(content)
    read_picture(path)
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(AblateError, match=f"{name}: not a complete"):
        read_picture(path)


def test_a_file_that_is_missing_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "a.png")


def test_the_range_of_integers_is_that_of_their_type() -> None:
    assert type_range(np.dtype(np.uint16)) == (0, 65535)
    assert type_range(np.dtype(np.float64)) == (0, 1)
