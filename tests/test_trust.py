"""No file that is read can run code, and no name can lead out of the folder."""

import ast
import os
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

import ablate
from ablate.cli import main
from ablate.executors.inprocess import InProcessExecutor
from ablate.pipeline.sweep import sweep
from ablate.records.record import Record
from ablate.strategies.fixed import Fixed
from ablate.studies.loading import load_study
from ablate.studies.study import Study
from ablate.training.events import EpochEnded, Started
from tests.helpers.parts import GATE, HELPER, write_parts_study
from tests.helpers.tiny import tiny_run, write_tiny_study

SOURCES = sorted(Path(str(ablate.__file__)).parent.rglob("*.py"))


class Evil:
    """Makes a folder when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("code was run",)


@pytest.mark.parametrize("save", [lambda: pickle.dumps(Evil()), lambda: save_with_torch({"model": Evil()})])
def test_a_checkpoint_that_would_run_code_is_refused(save: object, workplace: Path) -> None:
    record, run = Record(), tiny_run()
    record.write_event(run, Started(0, "cpu"))
    record.write_event(run, EpochEnded([], save()))  # type: ignore[operator]
    sweep(Fixed([run]), InProcessExecutor(), record)
    assert record.status(run.id) == "failed"
    assert not Path("code was run").exists()


def save_with_torch(value: object) -> bytes:
    torch.save(value, "evil.pt")
    return Path("evil.pt").read_bytes()


EXECUTES_PARTS = Path(ablate.__file__).parent / "variants" / "execution.py"
"""The exception: it executes the files that a study lists in `variants`, see docs/guarantees.md."""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_code_loads_a_pickle_or_runs_text(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    imports = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not [line for line in imports if "pickle" in line or line.startswith("from torch import load")]
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        words = {word.arg: ast.unparse(word.value) for word in call.keywords}
        if path == EXECUTES_PARTS and name in ("exec", "compile"):
            continue
        assert name not in ("eval", "exec", "compile", "joblib.load", "yaml.load", "pd.read_pickle")
        assert name != "torch.load" or words.get("weights_only") == "True"
        assert name != "np.load" or words.get("allow_pickle") == "False"


def test_a_study_that_names_no_file_executes_nothing_beside_it(workplace: Path) -> None:
    for name in ("tiny.py", "gate.py", "helper.py", "conftest.py", "sitecustomize.py"):
        (workplace / name).write_text("open('code was run', 'w')")
    assert load_study(write_tiny_study(workplace)).runs
    assert not Path("code was run").exists()


def test_a_study_executes_the_files_that_it_names(workplace: Path) -> None:
    load_study(write_parts_study(workplace, gate=GATE + "open('code was run', 'w').close()", helper=HELPER))
    assert Path("code was run").exists()


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", "a\\b", "..", ".x", "", "a\nb", "a\n", "☃", "x" * 101])
def test_a_study_name_that_leads_out_of_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    facts = load_study(write_tiny_study(tmp_path)).study.model_dump()
    with pytest.raises(ValidationError):
        Study.model_validate(facts | {"name": name})


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")  # the font lacks some of the characters
@pytest.mark.filterwarnings("ignore:constrained_layout:UserWarning")  # such long names leave little room in a figure
def test_arms_with_strange_names_write_nothing_outside_of_the_folder(
    workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = workplace / "a" / "b"
    inside.mkdir(parents=True)
    store.rename(inside / "mlflow.db")
    names = {"with": '"../../outside"', "without": '"/tmp/🎉 été $HOME `ls` ' + "x" * 70 + '"'}
    text = write_tiny_study(inside).read_text()
    for old, new in names.items():
        text = text.replace(f"  {old}:", f"  {new}:").replace(f"reference: {old}\n", f"reference: {new}\n")
    (inside / "tiny.yaml").write_text(text)
    monkeypatch.chdir(inside)
    before = {path for path in workplace.rglob("*") if inside not in path.parents}
    monkeypatch.setattr(sys, "argv", ["ablate", "sweep", "tiny.yaml", "--executor", "inprocess"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    assert {path for path in workplace.rglob("*") if inside not in path.parents} == before
    assert "../../outside" in (inside / "reports" / "tiny" / "README.md").read_text()
