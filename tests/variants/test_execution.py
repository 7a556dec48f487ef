"""Executing the files of a user's own parts."""

from __future__ import annotations

import sys
import traceback

import pytest

import ablate
from ablate.variants.execution import execute
from ablate.variants.files import PartError, PartFile
from tests.helpers.parts import GATE, HELPER

FILES = (PartFile("gate.py", GATE), PartFile("helper.py", HELPER))


def part_file(text: str, name: str = "mine.py") -> tuple[PartFile, ...]:
    return (PartFile(name, f"import ablate\n{text}"),)


def test_a_part_is_found_with_its_line() -> None:
    (gate,) = execute(FILES)
    assert (gate.place, gate.name, gate.file, gate.line) == ("model.attention", "gate", "gate.py", 15)
    assert gate.settings is not None
    assert list(gate.settings.model_fields) == ["rank", "scale"]


def test_files_are_executed_once_for_each_content() -> None:
    assert execute(FILES)[0].make is execute(tuple(FILES))[0].make
    other = (PartFile("gate.py", GATE.replace("self.up(", "-self.up(")), FILES[1])
    assert execute(other)[0].make is not execute(FILES)[0].make


def test_two_contents_with_files_of_one_name_do_not_meet() -> None:
    one, two = (execute(part_file(f"@ablate.variant('training.loss', 'l')\ndef f(): return {n}")) for n in (1, 2))
    assert (one[0].make(), two[0].make()) == (1, 2)


def test_the_names_of_the_files_are_not_left_for_others_to_import() -> None:
    execute(FILES)
    assert not {"gate", "helper"} & set(sys.modules)


def test_annotations_can_be_postponed() -> None:
    text = GATE.replace('"""A gate: its file."""\n', '"""A gate."""\nfrom __future__ import annotations\n')
    (gate,) = execute((PartFile("gate.py", text), FILES[1]))
    assert gate.settings is not None
    assert gate.settings().model_dump() == {"rank": 2, "scale": 1.0}


def test_a_traceback_shows_the_lines_that_were_executed() -> None:
    (part,) = execute(part_file("@ablate.variant('training.loss', 'bad')\ndef bad(a, b):\n    return a / 0  # here\n"))
    with pytest.raises(ZeroDivisionError) as caught:
        part.make(1, 2)
    assert "return a / 0  # here" in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("\nraise ValueError('no')", 3, "ValueError: no"),
        ("1 / 0", 2, "ZeroDivisionError: division by zero"),
        ("def f():\n    return nothing\nf()", 3, "NameError: name 'nothing' is not defined"),
        ("raise SystemExit(3)", 2, "SystemExit: 3"),
        ("from torch import nothing", 2, "ImportError: cannot import name 'nothing'"),
    ],
)
def test_an_exception_in_a_file_is_one_line_with_its_place(text: str, line: int, what: str) -> None:
    with pytest.raises(PartError) as caught:
        execute(part_file(text))
    assert str(caught.value).startswith(f"mine.py:{line}: {what}")


def test_elsewhere_registering_changes_nothing() -> None:
    def plain() -> None: ...

    assert ablate.variant("training.loss", "plain")(plain) is plain
