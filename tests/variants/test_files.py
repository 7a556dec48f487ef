"""The files of a user's own parts: what they may be, and what they may import."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.errors import AblateError, StudyError
from ablate.variants.files import PartFile, digest, read_files


def read(folder: Path, text: str, *names: str) -> object:
    (folder / "mine.py").write_text(text)
    return read_files(["mine.py", *names], folder)


@pytest.mark.parametrize("name", ["../mine.py", "a/mine.py", "mine", "mine.txt", ".py", "1.py", "my-parts.py", 3, None])
def test_a_file_is_a_module_beside_the_study(name: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="must be the name of a Python file beside the study"):
        read_files([name], tmp_path)


def test_a_missing_file_is_named_with_its_place_in_the_list(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"other\.py cannot be read: no such file") as caught:
        read(tmp_path, "", "other.py")
    assert caught.value.path == ("variants", 1)


def test_a_file_is_listed_once(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"'mine\.py' is listed twice"):
        read(tmp_path, "", "mine.py")


ALLOWED = [
    "import math",
    "import torch.nn.functional as F",
    "from einops import rearrange",
    "from ablate import variant",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_installed_packages_can_be_imported(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, text)


def test_listed_files_can_import_each_other(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("import mine")
    assert read(tmp_path, "from other import x", "other.py")


REFUSED = {
    "\nimport beside": (2, "imports 'beside'"),
    "def f():\n    from beside import x": (2, "imports 'beside'"),
    "from . import beside": (1, "imports '.'"),
    "from .beside import x": (1, "imports '.beside'"),
    "import not_there_at_all": (1, "imports 'not_there_at_all'"),
    "import __main__": (1, "imports '__main__'"),
    "x = (": (1, "not valid Python"),
    "x = '\0'": (1, "not valid Python"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_all_else_is_refused_with_its_line(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside.py").write_text("x = 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # as in a notebook, or under `python -m`
    line, fact = REFUSED[text]
    with pytest.raises(AblateError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'mine.py'}:{line}: {fact}")


@pytest.mark.parametrize("name", ["torch.py", "json.py", "ablate.py"])
def test_a_file_cannot_hide_an_installed_package(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(AblateError, match="the file needs another name"):
        read_files([name], tmp_path)


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_bytes(b"\xff")
    with pytest.raises(AblateError, match=r"mine\.py:1: byte 0 is not UTF-8"):
        read_files(["mine.py"], tmp_path)


def test_reading_executes_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "raise SystemExit")


def test_the_digest_depends_on_names_and_texts_but_not_on_the_order_of_the_list(tmp_path: Path) -> None:
    for name, text in (("a.py", "x = 1"), ("b.py", "x = 2")):
        (tmp_path / name).write_text(text)
    both = digest(read_files(["a.py", "b.py"], tmp_path))
    assert both == digest(read_files(["b.py", "a.py"], tmp_path))
    others = [(PartFile("a.py", "x = 2"), PartFile("b.py", "x = 1")), (PartFile("a.py", "x = 1"),), ()]
    assert len({both, *map(digest, others)}) == 4


def test_windows_line_ends_change_no_digest(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_bytes(b"x = 1\r\n")
    assert read_files(["mine.py"], tmp_path) == (PartFile("mine.py", "x = 1\n"),)
