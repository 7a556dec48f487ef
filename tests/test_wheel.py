"""Without a clone: the wheel in an empty environment, and a first study from its file to MLflow, in an empty folder."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.helpers.committed import ROOT

SHORT = {"training.epochs: 8": "training.epochs: 1", "training.scenes: 512": "training.scenes: 64"}
"""What a user in a hurry would change in the study, so the trainings take seconds."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel; what it depends on is read from where the tests have it."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True)
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    return folder / "bin"


def run(programs: Path, folder: Path, *words: str) -> str:
    """What a program of the environment prints, called in a folder of the user's."""
    command = [str(programs / "python"), *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_the_wheel_has_what_is_not_python(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    committed = {
        str(path.relative_to(ROOT)) for path in (ROOT / "ablate").rglob("*") if path.suffix in (".j2", ".yaml")
    }
    assert {"ablate/py.typed", *committed} <= names
    assert not any(name.startswith(("tests/", "reports/", "benchmarks/")) for name in names)


@pytest.mark.slow
def test_a_first_study_needs_no_clone(programs: Path, tmp_path: Path) -> None:
    where = run(programs, tmp_path, "-c", "import ablate; print(ablate.__file__)")
    assert Path(where.strip()).is_relative_to(programs.parent)

    run(programs, tmp_path, "-m", "ablate", "new", "first")
    study = tmp_path / "first.yaml"
    text = study.read_text()
    for usual, short in SHORT.items():
        assert usual in text
        text = text.replace(usual, short)
    study.write_text(text)

    run(programs, tmp_path, "-m", "ablate", "sweep", "first.yaml", "--device", "cpu")
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("first")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], "tags.`ablate.run` != ''")
    assert [logged.info.status for logged in runs] == ["FINISHED"] * 6
    assert " first " in run(programs, tmp_path, "-m", "mlflow", "experiments", "search"), (
        "by default, as in `mlflow ui`"
    )

    pages = {path: path.read_bytes() for path in (tmp_path / "reports" / "first").glob("*.*")}
    assert {path.name for path in pages} == {"README.md", "report.html", "metrics.json", "verdicts.json"}
    for path in pages:
        path.unlink()
    run(programs, tmp_path, "-m", "ablate", "report", "first.yaml")
    assert {path: path.read_bytes() for path in pages} == pages
