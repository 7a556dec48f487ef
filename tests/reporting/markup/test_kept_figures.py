"""Figures are drawn again if, and only if, something has changed."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from ablate.reporting.markup import kept_figures
from ablate.reporting.markup.document import Document
from ablate.reporting.markup.files import write_files
from ablate.reporting.markup.kept_figures import draw_if_changed

FOLDER = Path("reports/study")
FIGURES = {"one": "<svg>1</svg>\n", "two": "<svg>2</svg>\n"}
PAGE = Document("study", "why?", "so", (), ())


@pytest.fixture(autouse=True)
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that is written."""
    monkeypatch.chdir(tmp_path)
    write_report()


def write_report(inputs: tuple[bytes, ...] = (b"data", b"study")) -> int:
    """Write the report, and return how often figures were drawn for it."""
    draw = Mock(return_value=FIGURES)
    figures = draw_if_changed(FOLDER, inputs, draw)
    assert figures == FIGURES
    write_files(FOLDER, PAGE, figures, {})
    return draw.call_count


def test_what_has_not_changed_is_not_drawn_again() -> None:
    assert write_report() == 0
    assert {path.stem: path.read_text() for path in (FOLDER / "figures").iterdir()} == FIGURES


@pytest.mark.parametrize("inputs", [(b"data", b"another study"), (b"datastudy",), (b"data", b"study", b"")])
def test_other_inputs_are_drawn(inputs: tuple[bytes, ...]) -> None:
    assert write_report(inputs) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda: (FOLDER / "figures" / "one.svg").unlink(),
        lambda: (FOLDER / "figures" / "one.svg").write_text("<svg>edited</svg>\n"),
        lambda: (FOLDER / "figures" / "three.svg").write_text("<svg>3</svg>\n"),
        lambda: (FOLDER / "figures" / "one.svg").rename(FOLDER / "figures" / "other.svg"),
        lambda: Path(".ablate/figures/study.json").write_text("{"),
        lambda: Path(".ablate/figures/study.json").unlink(),
    ],
)
def test_figures_that_were_changed_by_hand_are_drawn_again(change: Callable[[], object]) -> None:
    change()
    assert write_report() == 1
    assert {path.stem: path.read_text() for path in (FOLDER / "figures").iterdir()} == FIGURES


def test_figures_of_other_code_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_figures, "_code", lambda: b"edited")
    assert write_report() == 1
