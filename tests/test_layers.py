"""The architecture as tests: imports point downwards, and light commands stay light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ablate

PACKAGE = Path(__file__).parent.parent / "ablate"

LAYERS = (
    *("cli", "pipeline", "reporting", "sources", "tracking", "pictures", "records", "executors"),
    *("training", "denoiser", "scenes", "studies", "statistics", "settings", "metrics", "errors"),
)
"""From the top down: a module imports from its own layer and from those after it."""


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_layers(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (name.split(".")[1] for name in names if name.startswith("ablate."))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path: Path) -> None:
    upwards = [name for name in imported_layers(path) if LAYERS.index(name) < LAYERS.index(layer(path))]
    assert not upwards


def test_every_module_has_its_layer() -> None:
    assert {layer(path) for path in modules()} == set(LAYERS)


HEAVY = ("torch", "mlflow", "pandas", "matplotlib", "optuna", "scipy", "timm", "numpy")


def heavy_after(code: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after running `code`."""
    program = f"import sys\n{code}\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


HELP = ("sweep", "search", "report", "describe", "status", "sync", "ui")
LIGHT = ("--help", *(f"{name} --help" for name in HELP), "schema", "schema --search", "status")


@pytest.mark.parametrize("words", [words.split() for words in LIGHT], ids=LIGHT)
def test_a_light_command_loads_nothing_heavy(words: list[str]) -> None:
    call = f"assert CliRunner().invoke(app, {words}).exit_code == 0"
    assert heavy_after(f"from typer.testing import CliRunner; from ablate.cli import app; {call}") == set()


def test_import_ablate_loads_nothing_heavy() -> None:
    assert heavy_after("import ablate; dir(ablate)") == set()


def test_planning_a_study_loads_nothing_heavy() -> None:
    study = PACKAGE.parent / "experiments" / "heads.yaml"
    assert heavy_after(f"import ablate; ablate.load_study({str(study)!r}).runs") == set()


def test_reading_results_and_judging_them_loads_no_torch() -> None:
    assert "torch" not in heavy_after("import ablate.reporting.publishing, ablate.records.tables")


def test_every_public_name_resolves() -> None:
    program = "import ablate; print(len([getattr(ablate, name) for name in ablate.__all__]))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 10


def test_no_public_name_is_that_of_a_module() -> None:
    """Importing `ablate.x` makes `x` an attribute of `ablate`, so a function of that name would be hidden."""
    inside = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} | {path.stem for path in PACKAGE.glob("*.py")}
    assert not inside & set(ablate.__all__)
