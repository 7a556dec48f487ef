"""The examples in docstrings run, and every public function has one."""

from __future__ import annotations

import doctest
import inspect
import shutil
from importlib import import_module
from pathlib import Path

import pytest

import ablate
from ablate.studies.planning import Design
from tests.helpers.committed import EXPERIMENTS, ROOT, restore


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = sorted((ROOT / "ablate").rglob("*.py"))
WITH_EXAMPLES = [module_name(path) for path in SOURCES if ">>>" in path.read_text()]
FLAGS = doctest.ELLIPSIS | doctest.REPORT_NDIFF


def make_folder(folder: Path, swept: Path, store: Path) -> Path:
    """Make the folder in which an example runs: with our studies, the data of a report, and a tiny study, swept."""
    restore(folder, "reports/skips_tuned/data")  # as committed: the examples show numbers of it
    (folder / "experiments").mkdir()
    for study in EXPERIMENTS:
        shutil.copy(study, folder / "experiments")
    shutil.copytree(swept / ".ablate", folder / ".ablate")
    shutil.copy(swept / "tiny.yaml", folder)
    shutil.copy(store, folder / "mlflow.db")
    return folder


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_module_run(
    name: str,
    swept: tuple[Path, Design],
    empty_store: Path,
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    docstrings = [found for found in doctest.DocTestFinder().find(import_module(name)) if found.examples]
    assert docstrings
    for number, docstring in enumerate(docstrings):
        monkeypatch.chdir(make_folder(workplace / str(number), swept[0], empty_store))
        runner.run(docstring)
    assert runner.failures == 0, capsys.readouterr().out


FUNCTIONS = {name: it for name in ablate.__all__ if inspect.isfunction(it := getattr(ablate, name))}


def test_every_public_function_has_an_example() -> None:
    assert [name for name, function in FUNCTIONS.items() if ">>>" not in (inspect.getdoc(function) or "")] == []


def test_every_public_function_that_takes_a_study_takes_the_path_of_its_file_too() -> None:
    first = {name: str(next(iter(inspect.get_annotations(function).values()))) for name, function in FUNCTIONS.items()}
    taking = {name: annotation for name, annotation in first.items() if {"Design", "Search"} & {*annotation.split()}}
    assert set(taking) >= {"load_epochs", "load_results", "report", "search", "sweep", "tuned"}
    assert [name for name, annotation in taking.items() if not annotation.endswith("| str | Path")] == []
