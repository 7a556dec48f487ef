"""`ablate denoise` and `ablate export`, as they are typed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ablate.records.record import Record
from ablate.records.requests import RequestedRuns, save_requested
from ablate.studies.planning import Design
from tests.helpers.commands import typed

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def requested(swept_copy: tuple[Record, Design]) -> str:
    """The beginning of the id of a run, beside a picture of it."""
    record, design = swept_copy
    save_requested(record.root, RequestedRuns.of(design))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 30), np.uint8)).save("a.png")
    return design.runs[0].id[:6]


def test_pictures_are_denoised_by_a_run_or_by_an_arm_and_a_seed(
    requested: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert typed("denoise", requested, "a.png", monkeypatch=monkeypatch) == 0
    assert "with seed 0: denoised 1 of 1 pictures, in denoised." in capsys.readouterr().out
    words = ("--study", "tiny.yaml", "--arm", "with", "--seed", "0", "--output", "other", "--side-by-side")
    assert typed("denoise", "a.png", *words, monkeypatch=monkeypatch) == 0
    assert Path("other/a.png").read_bytes() == Path("denoised/a.png").read_bytes() != Path("a.png").read_bytes()
    with Image.open("other/a.both.png") as both:
        assert both.size == (60, 20)


def test_a_bad_picture_is_named_and_the_others_are_written(
    requested: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    Image.new("RGBA", (20, 20)).save("b.png")
    assert typed("denoise", requested, "b.png", "a.png", monkeypatch=monkeypatch) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("error: b.png: a picture with an alpha channel")
    assert printed.err.count("\n") == 1
    assert "denoised 1 of 2 pictures" in printed.out
    assert Path("denoised/a.png").exists()


def test_in_a_folder_of_the_project_paths_are_those_that_were_typed(
    requested: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    Path(".git").mkdir()
    Path("inside").mkdir()
    Path("a.png").rename("inside/b.png")
    monkeypatch.chdir("inside")
    assert typed("denoise", requested, "b.png", monkeypatch=monkeypatch) == 0
    assert Path("denoised/b.png").exists()


MISTAKES = [
    (["denoise", "RUN"], "which pictures?"),
    (["denoise", "zz", "a.png"], "no run has an id that begins with 'zz'"),
    (["denoise", "RUN", "a.png", "--arm", "with"], "which run?"),
    (["denoise", "a.png", "--study", "tiny.yaml"], "which run?"),
    (["denoise", "a.png", "--study", "tiny.yaml", "--arm", "with", "--seed", "9"], "no seed 9; allowed: 0, 1"),
    (["denoise", "RUN", "a.png", "--range", "1", "0"], "the first value must be below the second"),
    (["denoise", "RUN", "a.png", "--output", "."], "would replace the picture"),
    (["export"], "which run?"),
    (["export", "zz"], "no run has an id"),
]


@pytest.mark.parametrize(
    ("words", "rule"), MISTAKES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_mistake_is_one_line(
    words: list[str], rule: str, requested: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert typed(*(requested if word == "RUN" else word for word in words), monkeypatch=monkeypatch) == 2
    printed = capsys.readouterr().err
    assert rule in printed
    assert printed.startswith("error: ")
    assert printed.count("\n") == 1
