"""The architecture as tests: imports point downwards, and light commands import no heavy packages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ablate
from ablate.records.record import Record
from ablate.studies.planning import Design
from tests.helpers.commands import sweep_here
from tests.helpers.committed import ROOT
from tests.helpers.imports import imported
from tests.helpers.odd import UNMEASURED
from tests.helpers.searches import write_tiny_search
from tests.helpers.tiny import write_tiny_study
from tests.helpers.tuned import write_tuned_study

PACKAGE = ROOT / "ablate"

PACKAGES = (
    *("__main__", "cli", "pipeline", "reporting", "strategies", "tracking", "records", "executors"),
    *("training", "denoiser", "studies", "data", "statistics", "overrides", "settings", "data_settings", "images"),
    *("variants", "metrics", "project", "cores", "errors"),
)
"""The packages (and single modules) from the top down: a module can import from its own and from those after it."""

WITHIN = {
    "reporting": ("publishing", "anatomy", "index", "search", "study", "effects", "origins", "citation", "markup"),
    "reporting.study": (
        *(
            "page",
            "content",
            "course",
            "paper",
            "computed",
            "pictures",
            "figures",
            "selection",
            "headlines",
            "verdict_file",
            "answer",
            "references",
        ),
        *(
            "sections",
            "excluded",
            "wrong",
            "tables",
            "grid_tables",
            "texts",
            "warnings",
            "model",
            "arms",
            "grids",
            "diagnostics",
            "data",
        ),
        *("earlier_looks", "image_errors", "verified", "reading", "verdict_schema"),
    ),
    "reporting.study.figures": ("*", "styles"),
    "reporting.search": ("page", "content", "figures", "sections", "answer", "model", "data"),
    "reporting.markup": (
        "figures",
        "kept_figures",
        "files",
        "latex",
        "rendering",
        "svg",
        "style",
        "scales",
        "document",
        "numbers",
        "words",
    ),
    "statistics": (
        *(
            "sensitivity",
            "evidence",
            "prospects",
            "course",
            "contributions",
            "shares",
            "interactions",
            "power",
            "noise",
            "scores",
            "rates",
            "outliers",
            "verdicts",
        ),
        *("intervals", "images", "multiplicity", "claims"),
    ),
    "studies": (
        *(
            "loading",
            "schema",
            "judged",
            "planning",
            "tuning",
            "claims",
            "designs",
            "plan",
            "search",
            "names",
            "study",
            "space",
        ),
        *("contents", "evaluation_sets", "seeds", "yamlfile"),
    ),
    "variants": ("choices", "execution", "files"),
}
"""The same for the modules of the larger packages; `*` means all others."""


def modules(package: str = "") -> list[str]:
    folder = PACKAGE.joinpath(*package.split("."))
    paths = [path.relative_to(ROOT).with_suffix("") for path in sorted(folder.rglob("*.py"))]
    return [".".join(path.parts) for path in paths if path.name != "__init__"]


def position(module: str, package: str, order: tuple[str, ...]) -> int:
    """The position of a module in the order of its package, from the top."""
    name = module.removeprefix("ablate.").removeprefix(f"{package}.").split(".")[0]
    return order.index(name if name in order else "*")


@pytest.mark.parametrize("module", modules())
def test_imports_point_downwards(module: str) -> None:
    own = position(module, "", PACKAGES)
    assert [name for name in imported(module) if position(name, "", PACKAGES) < own] == []


@pytest.mark.parametrize("package", WITHIN)
def test_imports_point_downwards_inside_a_package(package: str) -> None:
    order = WITHIN[package]
    inside = {module: imported(module) & set(modules(package)) for module in modules(package)}
    upwards = {
        module: [name for name in names if position(name, package, order) < position(module, package, order)]
        for module, names in inside.items()
    }
    assert {module: names for module, names in upwards.items() if names} == {}


def test_every_module_is_in_an_order() -> None:
    assert {module.split(".")[1] for module in modules()} == set(PACKAGES)
    for package, order in WITHIN.items():
        inside = {module.removeprefix(f"ablate.{package}.").split(".")[0] for module in modules(package)}
        assert inside == set(order) or "*" in order


MAX_LINES = 300


@pytest.mark.parametrize("folder", ["ablate", "tests", "benchmarks", "docs"])
def test_a_file_is_short_enough_to_be_read_in_one_go(folder: str) -> None:
    lines = {path: path.read_text().count("\n") for path in (ROOT / folder).rglob("*.py")}
    assert {str(path.relative_to(ROOT)): count for path, count in lines.items() if count > MAX_LINES} == {}


HEAVY = ("torch", "torch._dynamo", "mlflow", "pandas", "matplotlib", "optuna", "scipy", "timm", "numpy")


def heavy_after(code: str) -> set[str]:
    """The heavy packages that a new interpreter has loaded after running `code`."""
    program = f"import sys\n{code}\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


HELP = (
    "new",
    "judge",
    "sweep",
    "search",
    "report",
    "describe",
    "status",
    "sync",
    "ui",
    "prune",
    "denoise",
    "export",
    "verify",
    "slurm",
)
LIGHT = (
    "--help",
    "--version",
    *(f"{name} --help" for name in HELP),
    "schema",
    "schema --search",
    "schema --verdicts",
    "status",
)


@pytest.mark.parametrize("words", [words.split() for words in LIGHT], ids=LIGHT)
def test_a_light_command_loads_nothing_heavy(words: list[str]) -> None:
    call = f"assert CliRunner().invoke(app, {words}).exit_code == 0"
    assert heavy_after(f"from typer.testing import CliRunner; from ablate.cli import app; {call}") == set()


def test_help_loads_no_validation_and_no_database() -> None:
    """They take as long to load as all else that `ablate --help` needs."""
    call = "assert CliRunner().invoke(app, ['--help']).exit_code == 0"
    program = f"import sys; from typer.testing import CliRunner; from ablate.cli import app; {call}"
    program += "\nprint([name for name in ('pydantic', 'sqlite3', 'filelock') if name in sys.modules])"
    env = {name: value for name, value in os.environ.items() if name not in UNMEASURED}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_import_ablate_loads_nothing_heavy() -> None:
    assert heavy_after("import ablate; dir(ablate)") == set()


def test_planning_a_study_loads_nothing_heavy() -> None:
    study = PACKAGE.parent / "experiments" / "heads.yaml"
    assert heavy_after(f"import ablate; ablate.load_study({str(study)!r}).runs") == set()


def test_reading_results_and_judging_them_loads_no_torch() -> None:
    assert "torch" not in heavy_after("import ablate.reporting.publishing, ablate.records.tables")


def test_a_sweep_of_a_finished_study_loads_only_what_judges_it(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sweep_here(monkeypatch) == 0  # sends what MLflow lacks, and draws the figures
    call = "assert CliRunner().invoke(app, ['sweep', 'tiny.yaml']).exit_code == 0"
    loaded = heavy_after(f"from typer.testing import CliRunner; from ablate.cli import app; {call}")
    assert not loaded & {"torch", "mlflow", "matplotlib", "timm"}


DRY_RUNS = {
    "sweep": write_tiny_study,
    "sweep of a tuned study": write_tuned_study,
    "search": write_tiny_search,
}


@pytest.mark.parametrize("kind", ["sweep", *(pytest.param(kind, marks=pytest.mark.slow) for kind in [*DRY_RUNS][1:])])
def test_a_dry_run_draws_nothing_and_connects_to_nothing(kind: str, workplace: Path) -> None:
    """Nor does it print what matplotlib says when its cache cannot be written."""
    words = [kind.split()[0], DRY_RUNS[kind](workplace).name, "--dry-run", "--executor", "inprocess"]
    call = f"assert CliRunner().invoke(app, {words}).exit_code == 0"
    loaded = heavy_after(f"from typer.testing import CliRunner; from ablate.cli import app; {call}")
    assert "torch" in loaded
    assert not loaded & {"matplotlib", "mlflow"}


def test_a_worker_loads_only_what_training_needs() -> None:
    program = """
from ablate.executors.worker import perform
from ablate.training.events import Ended
from tests.helpers.tiny import tiny_run
first, *_, end = perform(tiny_run(), None, "cpu")
*_, resumed = perform(tiny_run(), first.checkpoint, "cpu")
assert isinstance(end, Ended) and isinstance(resumed, Ended)
"""
    assert heavy_after(program) == {"torch", "numpy"}


def test_every_public_name_resolves() -> None:
    program = "import ablate; print(len([getattr(ablate, name) for name in ablate.__all__]))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 10


def test_no_public_name_is_that_of_a_module() -> None:
    """Importing `ablate.x` makes `x` an attribute of `ablate`, which would hide a function of that name."""
    inside = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} | {path.stem for path in PACKAGE.glob("*.py")}
    assert not inside & set(ablate.__all__)
