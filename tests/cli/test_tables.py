"""Tables in a narrow terminal wrap between words: nothing is cut off, and no word that fits is split."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ablate.cli._shared import out
from ablate.cli._tables import FittingTable, make_table, share_width
from ablate.cli.report import summary
from ablate.pipeline.results import StudyResult
from ablate.reporting.study.model import build
from tests.helpers import fabricated
from tests.helpers.commands import typed
from tests.helpers.searches import write_tiny_search
from tests.helpers.tiny import write_tiny_study
from tests.helpers.tuned import write_tuned_study

NAMES = [
    *(f"data.filled.density=0.0003, data.noisy.density=0.0003, depth={depth}" for depth in (2, 4, 12)),
    "position=learned,norm=layer,skip=both",
    "a_name_of_one_word_that_is_longer_than_any_column_of_a_terminal_of_80_columns_could_ever_be",
]
HEADINGS = ("arm", "compared with", "runs to train", "already recorded", "parameters")


def printed(table: FittingTable, width: int) -> list[list[str]]:
    """The cells of the printed lines, one list per line of text."""
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    assert max(map(len, console.file.getvalue().splitlines())) <= width
    lines = [line for line in console.file.getvalue().splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def words(text: str) -> set[str]:
    return set(re.split(r"[\s,│┃]+", text))


@pytest.mark.parametrize("width", [60, 80, 200])
def test_names_that_differ_only_at_their_ends_stay_distinct(width: int) -> None:
    table = make_table(
        "A study", HEADINGS, [(name, NAMES[0], "3", "0", "171,317") for name in NAMES], texts=HEADINGS[:2]
    )
    lines = printed(table, width)
    for column, expected in ((0, NAMES), (1, [NAMES[0]] * len(NAMES))):
        text = "".join(line[column] for line in lines).replace(" ", "")
        assert text == "".join(expected).replace(" ", "")
    assert not any("…" in cell for line in lines for cell in line)
    assert [line[4] for line in lines if line[4]] == ["171,317"] * len(NAMES)


def test_texts_are_aligned_left_and_numbers_right() -> None:
    table = make_table("A study", ("arm", "verdict", "seeds"), [("a", "worse", "3")], texts=("verdict",))
    console = Console(file=io.StringIO(), width=80)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    assert "│ a   │ worse   │     3 │" in console.file.getvalue()


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 60)), min_size=1, max_size=8), st.integers(30, 200))
def test_columns_fit_and_get_what_they_need_if_there_is_room(needs: list[tuple[int, int]], room: int) -> None:
    least, most = [low for low, _ in needs], [low + more for low, more in needs]
    widths = share_width(room, least, most)
    assert sum(widths) <= room
    assert all(1 <= width <= high for width, high in zip(widths, most, strict=True))
    if sum(least) <= room:
        assert all(low <= width for low, width in zip(least, widths, strict=True))
    if sum(most) <= room:
        assert widths == most


ARMS = "position=learned, norm=layer, skip=both", "position=learned,norm=layer,skip=none"


def rename_arms(path: Path) -> None:
    """Give the arms of a study long names, one of them without a space."""
    for old, new in zip(("with", "without"), ARMS, strict=True):
        path.write_text(re.sub(rf"\b{old}(?=:|$)", f'"{new}"', path.read_text(), flags=re.MULTILINE))


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ablate.pipeline.estimate.timed_seconds", lambda run, device: 120.0)


@pytest.mark.usefixtures("timed")
@pytest.mark.parametrize("write", [write_tiny_study, write_tuned_study])
def test_plans_split_no_word_of_a_name_at_80_columns(
    write: Callable[[Path], Path], workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rename_arms(write(workplace))
    assert typed("sweep", "tiny.yaml", "--dry-run", monkeypatch=monkeypatch, width=80) == 0
    shown = capsys.readouterr().out
    assert set.union(*map(words, ARMS)) < words(shown)
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.usefixtures("timed")
def test_the_plan_of_a_search_splits_no_name_of_a_setting_at_80_columns(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_tiny_search(workplace)
    values = ", ".join(map(str, range(96, 512, 8)))
    text = path.read_text().replace("  training.scenes: 64\n", "")
    path.write_text(text.replace("space:\n", f"space:\n  training.scenes: [{values}]\n"))
    assert typed("search", "tiny.yaml", "--dry-run", monkeypatch=monkeypatch, width=80) == 0
    shown = capsys.readouterr().out
    assert {"training.scenes", *words(values)} < words(shown)
    assert max(map(len, shown.splitlines())) <= 80


def test_verdicts_split_no_word_of_a_name_at_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arms = {name: {"training.rate": 0.001 * (index + 1)} for index, name in enumerate(ARMS)}
    study = fabricated.named_study(arms=arms, reference=ARMS[0])
    monkeypatch.setattr(out, "_width", 80)
    summary(StudyResult(build(study, fabricated.fabricate(study, fabricated.named_score)), Path("reports/named")))
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert set.union(*map(words, ARMS)) < words("\n".join(table))
    assert max(map(len, table)) <= 80
