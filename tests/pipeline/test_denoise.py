"""Pictures are written as they came, and one that cannot be denoised does not stop the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from torch import nn

from ablate.errors import AblateError
from ablate.images.files import read_picture
from ablate.pipeline.denoise import denoise, denoise_files
from ablate.settings import ModelConfig

CONFIG = ModelConfig(image_size=(16, 16))
IDENTITY = nn.Identity()


class Half(nn.Module):
    """Halves what it is given."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x / 2


def random_pixels(kind: str, *shape: int) -> Any:
    random, dtype = np.random.default_rng(1), np.dtype(kind)
    if dtype.kind == "f":
        return random.normal(0, 100, shape).astype(dtype)
    return random.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float16", "float32", "float64"])
@pytest.mark.parametrize("size", [(1, 1), (16, 16), (7, 50), (61, 45)])
def test_the_identity_returns_exactly_the_picture(kind: str, size: tuple[int, int]) -> None:
    pixels = random_pixels(kind, *size, 1)
    found = denoise(IDENTITY, CONFIG, pixels)
    assert found.dtype == pixels.dtype
    assert np.array_equal(found, pixels)


def test_the_network_works_on_values_from_0_to_1() -> None:
    seen: list[torch.Tensor] = []
    spy = nn.Identity()
    spy.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    for pixels, values in (
        (np.full((16, 16, 1), 255, np.uint8), None),
        (np.full((16, 16, 1), 65535, np.uint16), None),
        (np.full((16, 16, 1), 1, np.float64), None),
        (np.full((16, 16, 1), 300, np.float32), (100.0, 300.0)),
    ):
        denoise(spy, CONFIG, pixels, values)
    assert all((tiles == 1).all() and tiles.dtype == torch.float32 for tiles in seen)
    assert len(seen) == 4


def test_results_are_in_the_range_of_the_picture() -> None:
    assert (denoise(Half(), CONFIG, np.full((30, 30, 1), 101, np.uint8)) == 50).all()
    assert np.allclose(denoise(Half(), CONFIG, np.full((30, 30, 1), 300.0), (100.0, 300.0)), 200)

    class Overshoot(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 3 * x - 1

    pixels = np.array([[[0], [255]]], np.uint8)
    assert np.array_equal(denoise(Overshoot(), CONFIG, pixels), pixels)  # clipped, not wrapped around
    assert denoise(Overshoot(), CONFIG, np.zeros((5, 5, 1))).min() == pytest.approx(-1)


def write_pictures(folder: Path) -> list[Path]:
    folder.mkdir()
    Image.fromarray(random_pixels("uint8", 40, 30)).save(folder / "a.png")
    Image.fromarray(random_pixels("uint16", 20, 16)).save(folder / "b.png")
    tifffile.imwrite(folder / "c.tif", random_pixels("float32", 33, 17))
    np.save(folder / "d.npy", random_pixels("float64", 9, 50))
    return sorted(folder.iterdir())


def test_files_are_written_under_their_names_and_as_they_came(tmp_path: Path) -> None:
    paths, output = write_pictures(tmp_path / "in"), tmp_path / "new" / "out"
    done = list(denoise_files(IDENTITY, CONFIG, paths, output, side_by_side=True))
    assert [item.files[0] for item in done] == [output / path.name for path in paths]
    for path in paths:
        before, after = read_picture(path).pixels, read_picture(output / path.name).pixels
        assert after.dtype == before.dtype
        assert np.array_equal(after, before)
        both = read_picture(output / f"{path.stem}.both{path.suffix}").pixels
        assert np.array_equal(both, np.concatenate([before, after], axis=1))


def test_without_a_request_nothing_is_written_side_by_side(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path / "in")
    list(denoise_files(IDENTITY, CONFIG, paths, tmp_path / "out"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [path.name for path in paths]


def test_one_bad_picture_does_not_stop_the_others(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path / "in")
    Image.fromarray(random_pixels("uint8", 20, 20, 3)).save(tmp_path / "in" / "colour.png")
    (tmp_path / "in" / "cut.png").write_bytes(paths[0].read_bytes()[:200])
    bad = {"colour.png": "3 (colour) channels", "cut.png": "not a complete PNG", "gone.png": "no such file"}
    given = [paths[0], *(tmp_path / "in" / name for name in bad), *paths[1:]]
    done = list(denoise_files(IDENTITY, CONFIG, given, tmp_path / "out"))
    errors = {item.path.name: item.error for item in done if item.error}
    assert list(errors) == list(bad)
    for name, rule in bad.items():
        assert str(errors[name]).startswith(f"{tmp_path / 'in' / name}: ")
        assert rule in str(errors[name])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [path.name for path in paths]


def test_a_result_replaces_neither_its_picture_nor_another_result(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path / "in")
    with pytest.raises(AblateError, match="would replace the picture"):
        list(denoise_files(IDENTITY, CONFIG, paths, tmp_path / "in"))
    twin = tmp_path / "a.png"
    twin.write_bytes(paths[0].read_bytes())
    with pytest.raises(AblateError, match="the same name"):
        list(denoise_files(IDENTITY, CONFIG, [paths[0], twin], tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_picture_beside_its_result_replaces_no_other_result_and_no_picture(tmp_path: Path) -> None:
    first = write_pictures(tmp_path / "in")[0]
    second = first.with_stem(f"{first.stem}.both")
    second.write_bytes(first.read_bytes())
    before = second.read_bytes()
    with pytest.raises(
        AblateError, match=r"\.both\.\w+ would both be written to .*out/.*\.both\.\w+; denoise them one by one"
    ):
        list(denoise_files(IDENTITY, CONFIG, [first, second], tmp_path / "out", side_by_side=True))
    moved = tmp_path / "elsewhere" / first.name
    moved.parent.mkdir()
    first.rename(moved)
    with pytest.raises(AblateError, match=r"\.both\.\w+: a result of .* would replace the picture"):
        list(denoise_files(IDENTITY, CONFIG, [moved, second], tmp_path / "in", side_by_side=True))
    assert second.read_bytes() == before
