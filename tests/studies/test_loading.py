"""Valid study files: what they can hold, and how they are read."""

import json
from pathlib import Path
from typing import Any

import pytest

from ablate.studies.loading import load, load_study
from ablate.studies.planning import Design
from ablate.studies.study import Study
from tests.helpers.committed import EXPERIMENTS
from tests.helpers.study_files import AXES, GRID, NAMED, axes, written


def read(folder: Path, text: str) -> Design:
    return load_study(written(folder, text)[0])


def test_a_file_and_python_give_the_same_study(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"question": "Does it matter?", "vary": {"model.heads": [2, 4]}, "seeds": 3, "margin": 0.25}
    assert read(tmp_path, AXES).study == Study(name="study", reference={"model.heads": 4}, **keys)


@pytest.mark.parametrize("text", [AXES, NAMED, GRID, axes(more="design: one-at-a-time\nmetric: last/ssim\nbase: {}\n")])
def test_a_study_that_is_saved_loads_as_the_same_study(text: str, tmp_path: Path) -> None:
    study = read(tmp_path, text)
    out = study.study.model_dump(mode="json", exclude={"name"}, exclude_unset=True)
    assert read(tmp_path, json.dumps(out)) == study


@pytest.mark.parametrize(("seeds", "meaning"), [("5", (0, 1, 2, 3, 4)), ("[7, 3]", (7, 3)), ("[0]", (0,))])
def test_seeds_are_a_number_or_a_list(seeds: str, meaning: tuple[int, ...], tmp_path: Path) -> None:
    assert read(tmp_path, axes("seeds: 3", f"seeds: {seeds}")).seeds == meaning


@pytest.mark.parametrize(("margin", "number"), [("1e-3", 0.001), ("1E2", 100), (".5", 0.5), ("1", 1)])
def test_numbers_are_those_of_yaml_1_2(margin: str, number: float, tmp_path: Path) -> None:
    assert read(tmp_path, axes("0.25", margin)).study.margin == number


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "1:30"])
def test_words_are_text_as_in_yaml_1_2(word: str, tmp_path: Path) -> None:
    assert read(tmp_path, axes("Does it matter?", word)).question == word


@pytest.mark.parametrize("text", ["\ufeff" + AXES, AXES.replace("\n", "\r\n"), "---\n" + AXES + "...\n"])
def test_what_editors_add_is_ignored(text: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(text.encode())
    assert load_study(path).question == "Does it matter?"


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_experiment_loads(path: Path) -> None:
    assert load(path).name == path.stem


@pytest.mark.parametrize("key", Study.model_fields)
def test_every_key_of_a_study_is_described(key: str) -> None:
    assert Study.model_fields[key].description
