"""What a study's files add to its settings."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import pytest

import ablate
from ablate.errors import AblateError
from ablate.overrides import PLACES, resolve
from ablate.settings import dotted
from ablate.studies.loading import load_search
from ablate.studies.planning import Design
from ablate.variants.choices import Variant, Variants, choose
from ablate.variants.files import PartFile
from tests.helpers.parts import ARMS, GATE, HELPER, PARTS, write_parts_study
from tests.helpers.tiny import TINY


def load(folder: Path, **change: str) -> Design:
    return ablate.load_study(write_parts_study(folder, **change))  # type: ignore[arg-type]


def test_an_arm_carries_the_texts_and_the_settings_of_its_part(tmp_path: Path) -> None:
    softmax, gate, wide = load(tmp_path).arms
    assert softmax.settings.part_files == ()
    assert gate.settings.part_files == wide.settings.part_files
    assert gate.settings.part_files == (PartFile("gate.py", GATE), PartFile("helper.py", HELPER))
    (part,) = wide.settings.variants
    assert (str(part), dict(part.settings)) == ("gate", {"rank": 4, "scale": 1.0})


def test_dotted_settings_name_the_part_its_digest_and_its_settings(tmp_path: Path) -> None:
    found = dotted(load(tmp_path).arms[2].settings)
    assert found["model.attention"] == "gate"
    assert (found["parts.gate.rank"], found["parts.gate.scale"]) == (4, 1.0)
    assert len(found["parts.gate"]) == 16
    json.dumps(found)


def ids(design: Design) -> dict[str, str]:
    return {cell.arm.name: cell.run.id for cell in design.cells}


@pytest.mark.parametrize("module", ["gate", "helper"])
def test_the_content_of_every_file_is_in_the_ids_of_the_runs_that_use_the_part_and_only_of_these(
    module: str, tmp_path: Path
) -> None:
    texts = {"gate": GATE, "helper": HELPER}
    before, after = ids(load(tmp_path)), ids(load(tmp_path, **texts | {module: texts[module] + "\n"}))
    assert {name for name in before if before[name] != after[name]} == {"gate", "wide gate"}


def test_a_run_without_parts_has_the_id_that_it_has_in_a_study_without_files(tmp_path: Path) -> None:
    assert ids(load(tmp_path))["softmax"] == resolve(TINY | {"model.attention": "softmax"}).run(0).id


def test_a_setting_of_a_part_changes_the_id_unless_it_has_its_default(tmp_path: Path) -> None:
    arms = ARMS.replace("gate: {model.attention: gate}", "gate: {model.attention: gate, parts.gate.rank: 2}")
    assert ids(load(tmp_path, arms=arms)) == ids(load(tmp_path))
    assert len(set(ids(load(tmp_path)).values())) == 3


def test_settings_of_parts_are_axes(tmp_path: Path) -> None:
    grid = "vary: {model.attention: [gate], parts.gate.rank: [1, 3]}\nreference: {parts.gate.rank: 1}\n"
    design = load(tmp_path, arms=grid)
    assert [arm.name for arm in design.arms] == ["attention=gate, gate.rank=1", "attention=gate, gate.rank=3"]
    assert [dict(arm.settings.variants[0].settings)["rank"] for arm in design.arms] == [1, 3]


def test_a_claim_can_select_an_arm_by_the_setting_of_a_part(tmp_path: Path) -> None:
    claim = f"{ARMS}expect: [{{arm: {{parts.gate.rank: 4}}, verdict: worse}}]\n"
    assert load(tmp_path, arms=claim).claims[0].arm == "wide gate"


def test_a_search_draws_parts_and_their_settings(tmp_path: Path) -> None:
    write_parts_study(tmp_path)
    space = {"model.attention": ["softmax", "gate"], "parts.gate.rank": {"low": 1, "high": 8}}
    facts = {"question": "Which?", "variants": ["gate.py", "helper.py"], "base": TINY, "space": space, "trials": 2}
    (tmp_path / "find.yaml").write_text(json.dumps(facts))
    before = load_search(tmp_path / "find.yaml")
    assert before.variants.at("model.attention") == ["gate"]
    (tmp_path / "helper.py").write_text(HELPER + "\n")
    assert load_search(tmp_path / "find.yaml").id != before.id


NOISE = """
import ablate
from pydantic import BaseModel
class Settings(BaseModel):
    level: float = 0.1
@ablate.variant("data.noise", "haze", settings=Settings)
def haze(images, generators, data, settings):
    return images + settings.level
"""


def test_the_settings_of_a_noise_change_the_task(tmp_path: Path) -> None:
    grid = "vary: {data.noise: [[haze]], parts.haze.level: [0.1, 0.2]}\nreference: {parts.haze.level: 0.1}\n"
    with pytest.raises(AblateError, match=r"the arms differ in parts\.haze\.level, which changes the task"):
        load(tmp_path, arms=grid, mine=NOISE)
    facts = {"question": "Which?", "variants": ["mine.py"], "base": {"data.noise": ["haze"]}, "trials": 2}
    (tmp_path / "find.yaml").write_text(json.dumps(facts | {"space": {"parts.haze.level": [0.1, 0.2]}}))
    with pytest.raises(AblateError, match=r"parts\.haze\.level changes what validation scores mean"):
        load_search(tmp_path / "find.yaml")


def test_a_layer_whose_name_begins_with_that_of_a_noise_leaves_the_task_as_it_is(tmp_path: Path) -> None:
    layer = GATE.replace('"gate"', '"haze2"')
    grid = "vary: {model.attention: [haze2], parts.haze2.rank: [1, 3]}\nreference: {parts.haze2.rank: 1}\n"
    assert len(load(tmp_path, arms=grid, mine=NOISE, gate=layer, helper=HELPER).arms) == 2


def test_runs_travel_to_a_process_that_has_no_files(tmp_path: Path) -> None:
    run = load(tmp_path).arms[1].run(0)
    for path in tmp_path.glob("*.py"):
        path.write_text("raise SystemExit")
    again = pickle.loads(pickle.dumps(run))
    assert again == run
    assert again.id == run.id
    assert type(ablate.build_denoiser(again.model).encoder.blocks[0].attention).__name__ == "Gate"


MISTAKES = {
    "parts.gate.rank: 0": "parts.gate.rank: must be greater than or equal to 1 (given: 0)",
    "parts.gate.rank: wide": "parts.gate.rank: must be a valid integer (given: 'wide')",
    "parts.gate.rank: 4.0": "parts.gate.rank: must be a valid integer (given: 4.0)",
    "parts.gate.rnk: 4": "unknown setting 'parts.gate.rnk'; did you mean 'parts.gate.rank'?",
    "parts.door.rank: 4": "unknown setting 'parts.door.rank'",
    "model.attention: gaet": "must be 'softmax', 'uniform' or 'none'; from `variants`: gate (given: 'gaet')",
    "model.mlp: gate": "model.mlp: must be 'gelu', 'relu' or 'none' (given: 'gate')",
    "model.attention: softmax, parts.gate.rank: 3": "the arm 'third' does not use the part gate",
}


@pytest.mark.parametrize("overrides", MISTAKES)
def test_a_mistake_in_an_arm_has_its_place_in_the_study(overrides: str, tmp_path: Path) -> None:
    attention = "" if "model.attention" in overrides else "model.attention: gate, "
    arms = ARMS.replace("reference", f"  third: {{{attention}{overrides}}}\nreference")
    with pytest.raises(AblateError) as caught:
        load(tmp_path, arms=arms)
    message = str(caught.value)
    assert MISTAKES[overrides] in message
    assert message.startswith(f"{tmp_path / 'tiny.yaml'}:19:")


HEAD = "from pydantic import BaseModel\nimport ablate\n"
REGISTERED = {
    "@ablate.variant('model.atention', 'x')\nclass A: ...": "'model.atention' takes no parts; did you mean",
    "@ablate.variant('model.width', 'x')\nclass A: ...": "'model.width' takes no parts",
    "@ablate.variant('model.attention', 'softmax')\nclass A: ...": "softmax is a built-in choice of model.attention",
    "@ablate.variant('model.attention', 'a b')\nclass A: ...": "the name of a part has letters",
    "ablate.variant('model.attention', 'x')(3)": "the part x must be a class or a function (given: 3)",
    "@ablate.variant('model.attention', 'x', settings=3)\nclass A: ...": "must be a pydantic model (given: 3)",
    "class S(BaseModel):\n    n: int\nablate.variant('model.mlp', 'x', settings=S)(S)": "n of the part x needs a d",
    "class S(BaseModel, validate_default=True):\n    n: int = 'b'\nablate.variant('model.mlp', 'x', settings=S)(S)": (
        "the default of n in the settings of the part x: must be a valid integer"
    ),
    "class S(BaseModel):\n    n: dict = {}\nablate.variant('model.mlp', 'x', settings=S)(S)": "n of the part x must be",
}


@pytest.mark.parametrize("text", REGISTERED)
def test_a_mistake_in_registering_has_its_place_in_the_file(text: str, tmp_path: Path) -> None:
    with pytest.raises(AblateError) as caught:
        load(tmp_path, mine=HEAD + text)
    line = 2 + text[: text.index("ablate.variant")].count("\n") + 1
    assert str(caught.value).startswith(f"{tmp_path / 'mine.py'}:{line}: ")
    assert REGISTERED[text] in str(caught.value)


def test_a_name_is_taken_by_an_earlier_part(tmp_path: Path) -> None:
    twice = HEAD + "@ablate.variant('model.mlp', 'x')\n@ablate.variant('model.attention', 'x')\nclass A: ...\n"
    with pytest.raises(AblateError, match=r"mine\.py:3: the part x is registered already, in line 4 of mine\.py"):
        load(tmp_path, mine=twice)


def test_every_place_with_a_dict_of_choices_takes_parts() -> None:
    """Such a dict is looked up by `choose`; `PARTS` has a part for each place that is tried, trained and reported."""
    sources = [path.read_text() for path in Path(ablate.__file__).parent.rglob("*.py")]
    looked_up = {name for text in sources for name in re.findall(r"[ (]choose\(([A-Z]+), ", text)}
    assert len(looked_up) == len(PLACES)
    assert set(PARTS) == set(PLACES)


def test_a_built_in_choice_is_looked_up_by_its_name() -> None:
    assert choose({"one": 1}, "one") == 1
    part = Variant(
        "training.loss", "two", (PartFile("m.py", "import ablate\nablate.variant('training.loss', 'two')(abs)"),)
    )
    assert choose({"one": abs}, part) is abs


def test_a_study_in_python_takes_what_was_read(tmp_path: Path) -> None:
    study = load(tmp_path).study
    assert isinstance(study.variants, Variants)
    facts = study.model_dump(exclude={"variants"}, exclude_unset=True)
    assert ablate.Study(**facts, variants=study.variants) == study
    assert study.model_dump(mode="json")["variants"] == ["gate.py", "helper.py"]
