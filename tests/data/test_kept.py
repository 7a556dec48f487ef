"""Kept arrays: decoded once, made again where they are damaged, and mapped only where they are large."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ablate.data import kept
from ablate.data.kept import facts_of, listed, pixels_of
from ablate.data.sources import _source, make_pairs
from ablate.errors import AblateError
from tests.helpers.pictures import picture_task, write_pictures


def forget() -> None:
    """As if this process had used no pictures yet."""
    for cached in (kept._listed, kept.facts_of, kept._map, kept._read, _source):
        cached.cache_clear()


def test_pictures_are_decoded_once(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = picture_task(write_pictures(workplace / "pics"))
    first = make_pairs(3, task=task)
    forget()
    monkeypatch.setattr(kept, "decode_picture", None)  # any further decoding fails
    shutil.rmtree(workplace / "pics")  # a worker trains on what its run's content stands for
    np.testing.assert_array_equal(make_pairs(3, task=task)[0], first[0])


def test_only_large_arrays_are_mapped_since_each_mapping_takes_a_handle(workplace: Path) -> None:
    write_pictures(workplace / "pics")
    np.save(workplace / "pics" / "large.npy", np.zeros((1100, 1000), np.uint8))
    files = listed(picture_task(workplace / "pics").data)
    assert [file.name for file in files if isinstance(pixels_of(file.clean), np.memmap)] == ["large.npy"]
    assert (kept._map.cache_info().maxsize or 10_000) < 200


@pytest.mark.parametrize("damage", ["", "{", "[1, 2]", "\0" * 200])
@pytest.mark.parametrize("suffix", [".json", ".npy"])
def test_what_is_damaged_counts_as_missing_and_is_made_again(workplace: Path, suffix: str, damage: str) -> None:
    task = picture_task(write_pictures(workplace / "pics"))
    first = make_pairs(3, task=task)
    intact = {path: path.read_bytes() for path in kept.folder().iterdir()}
    for path in intact:
        if path.suffix == suffix:
            path.write_text(damage)
    forget()
    np.testing.assert_array_equal(make_pairs(3, task=task)[0], first[0])
    assert {path: path.read_bytes() for path in kept.folder().iterdir()} == intact


def test_an_array_that_was_cut_short_is_made_again(workplace: Path) -> None:
    task = picture_task(write_pictures(workplace / "pics"))
    digest = listed(task.data)[0].clean
    path = kept.folder() / f"{digest}.npy"
    content = path.read_bytes()
    path.write_bytes(content[:-5])
    forget()
    assert listed(task.data)[0].clean == digest
    assert path.read_bytes() == content


def test_what_is_decoded_are_the_bytes_that_were_hashed(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = picture_task(write_pictures(workplace / "pics"))
    read, wrong = Path.read_bytes, b"other bytes"
    monkeypatch.setattr(Path, "read_bytes", lambda path: wrong if path.suffix == ".png" else read(path))
    with pytest.raises(AblateError, match=r"\.png: has changed while it was read; start again"):
        listed(task.data)
    assert not list(kept.folder().glob("*.npy"))


def test_without_a_content_the_pictures_are_those_in_the_folder(workplace: Path) -> None:
    task = picture_task(write_pictures(workplace / "pics"))
    plain = task.data.model_copy(update={"content": ""})
    assert listed(plain) == listed(task.data)
    assert facts_of(listed(plain)[0].clean).width == 30
