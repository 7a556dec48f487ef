"""The settings of a run, and the ids that are made from them."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError
from pydantic.fields import FieldInfo

import ablate.settings
from ablate.data_settings import NOISE_OF, OF_PICTURES
from ablate.errors import StudyError
from ablate.overrides import resolve
from ablate.settings import DEFAULTS, ModelConfig, Run, Settings, dotted

relaxed = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

AXES = {
    "model.depth": st.integers(1, 24),
    "model.width": st.sampled_from([32, 64, 96]),
    "model.heads": st.sampled_from([1, 2, 4, 8, 16, 32]),
    "model.image_size": st.tuples(st.sampled_from([32, 64, 96]), st.sampled_from([32, 64])),
    "model.skip": st.sampled_from(["both", "attention", "mlp", "none"]),
    "data.cells.intensity": st.tuples(st.floats(0.1, 0.5), st.floats(0.5, 1)),
    "data.noisy.density": st.floats(1e-6, 0.01),
    "training.rate": st.floats(1e-6, 1),
    "training.loss": st.sampled_from(["mse", "l1"]),
}
overrides_ = st.fixed_dictionaries({}, optional=AXES)


def run_of(overrides: dict[str, Any] | None = None, seed: int = 0) -> Run:
    chosen = resolve(overrides or {})
    return Run(model=chosen.model, data=chosen.data, training=chosen.training, seed=seed)


def fields(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """The dotted name and the field of every setting, nested ones included."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from fields(kind, f"{prefix}{name}.")
        else:
            yield prefix + name, field


def another_value(name: str) -> Any:
    """Find an allowed value of a setting that is not its default."""
    default = DEFAULTS[name]
    if name == "data.noise":
        return ("gaussian",)
    if isinstance(default, bool):
        return not default
    if not default:
        return 0.5
    if isinstance(default, str):
        return next(choice for choice in get_args(dict(fields())[name].annotation) if choice != default)
    if isinstance(default, tuple):
        return (default[0], default[1] * 2)
    return default * 2


# ids

CHANGED_IDS = "ids have changed, so records no longer match: if numbers changed too, raise RECIPE and these ids with it"


def test_the_default_runs_id_is_golden() -> None:
    assert run_of().id == "60b5962ba18352ac", CHANGED_IDS


def test_the_id_of_a_run_with_overrides_is_golden() -> None:
    overrides = {"model.heads": 8, "training.rate": 3e-4, "data.cells.radius": [4, 9], "model.skip": "none"}
    assert run_of(overrides, seed=3).id == "d1d8c56cb745ed03", CHANGED_IDS


OF_SCENES = [name for name in DEFAULTS if name not in ("data.source", *(f"data.{name}" for name in OF_PICTURES))]
"""The settings that scenes can have; `tests/data/test_pictures.py` has the others."""


@pytest.mark.parametrize("name", OF_SCENES)
def test_every_setting_changes_the_id(name: str) -> None:
    noise = NOISE_OF.get(name.split(".")[1], "rectangles")
    usual = {} if noise == "rectangles" else {"data.noise": [noise]}
    assert run_of(usual | {name: another_value(name)}).id != run_of(usual).id


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_override_with_the_default_changes_no_id(name: str) -> None:
    assert run_of({name: DEFAULTS[name]}).id == run_of().id


@relaxed
@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_the_seed_changes_the_id(one: int, other: int) -> None:
    assert (run_of(seed=one).id == run_of(seed=other).id) == (one == other)


@relaxed
@given(overrides_, overrides_)
@example({"model.heads": 4}, {})
def test_ids_are_equal_only_if_the_settings_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (run_of(one).id == run_of(other).id) == (resolve(one) == resolve(other))


@relaxed
@given(overrides_, st.randoms(use_true_random=False))
def test_the_order_of_overrides_changes_no_id(overrides: dict[str, Any], random: Any) -> None:
    shuffled = random.sample(list(overrides.items()), len(overrides))
    assert run_of(dict(shuffled), seed=1).id == run_of(overrides, seed=1).id


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("model.mlp_ratio", 2, 2.0),
        ("training.rate", 1, 1.0),
        ("model.image_size", [32, 64], (32, 64)),
        ("data.cells.intensity", [0, 1], (0.0, 1.0)),
        ("data.cells.peak", 0.0, -0.0),
    ],
)
def test_equal_settings_given_differently_share_an_id(name: str, one: Any, other: Any) -> None:
    assert run_of({name: one}).id == run_of({name: other}).id


def test_a_new_recipe_changes_every_id(monkeypatch: pytest.MonkeyPatch) -> None:
    old = run_of().id
    monkeypatch.setattr(ablate.settings, "RECIPE", ablate.settings.RECIPE + 1)
    assert run_of().id != old


class LaterModel(ModelConfig):
    registers: int = Field(0, description="a setting of the future")


class LaterRun(Run):
    model: LaterModel = LaterModel()


def test_a_new_setting_with_a_default_changes_no_old_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEFAULTS, "model.registers", 0)
    assert LaterRun(model=LaterModel(heads=8), seed=2).id == run_of({"model.heads": 8}, seed=2).id


def test_a_new_setting_that_is_used_changes_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEFAULTS, "model.registers", 0)
    assert LaterRun(model=LaterModel(registers=4)).id != run_of().id


# what is allowed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model.heads", "4"),
        ("model.heads", True),
        ("model.heads", 4.0),
        ("model.heads", None),
        ("model.mlp_ratio", "4"),
        ("model.mlp_ratio", True),
        ("model.skip", True),
        ("model.skip", ["both"]),
        ("model.image_size", 64),
        ("model.image_size", [64.0, 64]),
        ("model.image_size", [64]),
        ("model.image_size", {64: 64}),
        ("training.rate", "1e-3"),
    ],
)
def test_types_are_never_coerced(name: str, value: object) -> None:
    with pytest.raises(StudyError, match=f"{name}: .*given: ") as caught:
        resolve({name: value})
    assert caught.value.path == (name,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model.depth", 0),
        ("model.mlp_ratio", -1),
        ("model.skip", "some"),
        ("model.image_size", [64, 0]),
        ("data.cells.density", -0.1),
        ("data.cells.radius", [10, 5]),
        ("data.test", 1),
        ("training.rate", 0.0),
        ("training.rate", float("nan")),
        ("training.rate", float("inf")),
    ],
)
def test_a_value_out_of_range_is_refused_and_quoted(name: str, value: object) -> None:
    with pytest.raises(StudyError) as caught:
        resolve({name: value})
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, "1", True])
def test_a_seed_is_a_whole_number_from_zero(seed: Any) -> None:
    with pytest.raises(ValidationError, match="seed"):
        Run(seed=seed)


def refusal(overrides: dict[str, Any]) -> str:
    """The error for these overrides, or an empty string."""
    try:
        resolve(overrides)
    except StudyError as error:
        return str(error)
    return ""


@relaxed
@given(width=st.integers(1, 200), heads=st.integers(1, 200))
def test_heads_divide_the_width(width: int, heads: int) -> None:
    assert bool(refusal({"model.width": width, "model.heads": heads})) == (width % heads != 0)


def test_the_error_about_heads_lists_those_that_divide_the_width() -> None:
    assert "5 heads do not divide a width of 12; allowed: 1, 2, 3, 4, 6, 12" in refusal(
        {"model.width": 12, "model.heads": 5}
    )


def test_a_huge_width_is_refused() -> None:
    assert refusal({"model.width": 10**400 + 1})


@relaxed
@given(patch=st.integers(1, 40), height=st.integers(8, 20), width=st.integers(8, 20), step=st.sampled_from([1, 8, 16]))
def test_a_patch_is_a_power_of_two_that_divides_the_image(patch: int, height: int, width: int, step: int) -> None:
    size = (height * step, width * step)
    fits = patch in (1, 2, 4, 8, 16, 32) and size[0] % patch == 0 and size[1] % patch == 0
    assert bool(refusal({"model.patch_size": patch, "model.image_size": size})) == (not fits)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        run_of().model.heads = 8  # type: ignore[misc]


# names


@relaxed
@given(overrides_)
def test_dotted_names_lead_back_to_the_settings(overrides: dict[str, Any]) -> None:
    assert resolve(dotted(resolve(overrides))) == resolve(overrides)


@pytest.mark.parametrize(
    ("given_name", "meant"),
    [
        ("model.head", "model.heads"),
        ("training.optimizer", "training.optimiser"),
        ("data.cels.density", "data.cells.density"),
        ("modl.width", "model.width"),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest_one(given_name: str, meant: str) -> None:
    with pytest.raises(StudyError, match=f"'{given_name}'; did you mean '{meant}'"):
        resolve({given_name: 1})


@pytest.mark.parametrize("name", ["model", "data.cells", "seed", "", "."])
def test_only_complete_names_of_settings_are_settings(name: str) -> None:
    with pytest.raises(StudyError, match="unknown setting"):
        resolve({name: 1})


@pytest.mark.parametrize("name", DEFAULTS)
def test_every_setting_is_described(name: str) -> None:
    assert dict(fields())[name].description


def test_settings_studies_and_plans_need_no_torch() -> None:
    modules = "ablate.studies.planning, ablate.studies.loading"
    program = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
