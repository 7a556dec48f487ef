"""Arms that are tuned before they are compared: fairly, and independently of each other."""

import re
from pathlib import Path

import pytest

from ablate.errors import AblateError, NotTunedError, StudyError
from ablate.metrics import SEARCH_METRICS
from ablate.records.requests import RequestedRuns, load_requested, requested_by, save_requested
from ablate.studies.loading import load_study
from tests.helpers.tiny import TINY
from tests.helpers.tuned import BASE, TUNE, tuned_study


def test_every_arm_has_a_search_of_its_own_with_the_same_budget() -> None:
    found = tuned_study().tunings
    assert list(found) == ["with", "without"]
    shared = [search.model_dump(exclude={"base"}) for search in found.values()]
    assert shared[0] == shared[1]
    assert shared[0]["trials"] == 3
    assert {search.base["training.epochs"] for search in found.values()} == {1}
    assert {search.seed for search in found.values()}.isdisjoint(tuned_study().seeds)
    assert [search.base["model.skip"] for search in found.values()] == ["both", "none"]


def test_each_arm_runs_one_trial_at_a_time_so_the_number_of_slots_changes_no_choice() -> None:
    assert {search.parallel for search in tuned_study().tunings.values()} == {1}


def test_a_study_without_tuning_has_no_searches() -> None:
    assert tuned_study(tune=None).tunings == {}


def test_tuned_arms_have_the_chosen_settings_and_keep_their_names_and_references() -> None:
    study = tuned_study().tuned({"with": {"training.rate": 0.02}, "without": {"training.rate": 0.003}})
    found = study.arms
    assert [(arm.name, arm.settings.training.rate, arm.against) for arm in found] == [
        ("with", 0.02, None),
        ("without", 0.003, "with"),
    ]
    assert {run.training.rate for run in study.runs} == {0.02, 0.003}
    assert {run.training.epochs for run in study.runs} == {TINY["training.epochs"]}


def test_tuning_a_grid_changes_neither_its_references_nor_its_claims() -> None:
    vary = {"model.skip": ["both", "none"], "model.depth": [1, 2]}
    expect = [{"arm": {"model.skip": "none", "model.depth": 2}, "verdict": "worse"}]
    base = {name: value for name, value in BASE.items() if name != "model.depth"}
    facts = {"arms": None, "vary": vary, "reference": {"model.skip": "both"}, "expect": expect, "base": base}
    study = tuned_study(**facts)
    chosen = {arm.name: {"training.rate": 0.001 * (1 + n)} for n, arm in enumerate(study.arms)}
    tuned = study.tuned(chosen)
    assert [(arm.name, arm.against) for arm in tuned.arms] == [(arm.name, arm.against) for arm in study.arms]
    assert tuned.claims == study.claims


def test_arms_that_are_not_tuned_yet_have_no_runs() -> None:
    with pytest.raises(NotTunedError, match="not tuned yet; `ablate sweep` does that first"):
        _ = tuned_study().cells


TEXT = """\
question: Which?
arms:
  with: {model.skip: both}
  without: {model.skip: none}
reference: with
seeds: 3
margin: 0.25
tune:
  space: {training.rate: {low: 1e-4, high: 1e-2, log: true}}
  trials: 8
  epochs: 5
"""


@pytest.mark.parametrize(
    ("given", "instead", "place", "message"),
    [
        ("trials: 8", "trails: 8", "10:3", "unknown key 'trails'; did you mean 'trials'? allowed: space, trials"),
        ("  epochs: 5\n", "", "9:3", "the key 'epochs' is missing; allowed in a tuning: space, trials, epochs"),
        ("high: 1e-2", "hihg: 1e-2", "9:38", "unknown key 'hihg'; did you mean 'high'? allowed: low, high, log"),
        ("high: 1e-2", "high: 1e-9", "9:26", "the low end of a range must be below its high end"),
        ("trials: 8", "trials: 0", "10:11", "must be greater than or equal to 1 (given: 0)"),
        (
            "epochs: 5",
            "epochs: 5\n  seed: 2",
            "12:9",
            "must not be judged on the seed that its settings",
        ),
        (
            "epochs: 5",
            "epochs: 5\n  metric: test/psnr",
            "12:11",
            "'test/psnr' is not a metric that can",
        ),
        (
            "training.rate: {low: 1e-4, high: 1e-2, log: true}",
            "model.skip: [both, none]",
            "9:11",
            "'with' sets model.skip",
        ),
        ("training.rate: {low: 1e-4, high: 1e-2, log: true}", "model.heads: [4, 5]", "9:28", "5 heads do not divide"),
        ("training.rate: {low", "training.epochs: {low", "9:11", "sets training.epochs, so tuning cannot choose it"),
        (
            "training.rate: {low: 1e-4, high: 1e-2, log: true}",
            "training.warmup: {low: 0, high: 40}",
            "9:43",
            "warm-up of 40",
        ),
        (
            "tune:",
            "expect: [{arm: {model.skip: none, training.rate: 0.001}, verdict: worse}]\ntune:",
            "8:35",
            "training.rate is tuned, so its value in each arm is not known",
        ),
        (
            "arms:",
            "base: {training.rate: 0.01}\narms:",
            "2:8",
            "training.rate is set in both `base` and `tune.space`; keep one",
        ),
    ],
)
def test_each_mistake_is_one_line_at_its_place(
    given: str, instead: str, place: str, message: str, tmp_path: Path
) -> None:
    assert given in TEXT
    path = tmp_path / "tuned.yaml"
    path.write_text(TEXT.replace(given, instead, 1))
    with pytest.raises(StudyError, match=re.escape(f"{path}:{place}: ")) as error:
        load_study(path)
    assert message in str(error.value)


def test_the_runs_of_trials_are_saved_with_those_of_the_study(tmp_path: Path) -> None:
    study = tuned_study()
    assert requested_by(tmp_path, study).all_runs() == {}
    tuned = study.tuned({"with": {"training.rate": 0.02}, "without": {"training.rate": 0.003}})
    trials = {"0123": next(iter(RequestedRuns.of(tuned).runs.values()))}
    save_requested(tmp_path, RequestedRuns(study.name, study.question, {}, tuning=trials))
    requested = RequestedRuns.of(tuned, load_requested(tmp_path, study.name))
    assert (len(requested.runs), requested.tuning, requested.former) == (4, trials, {})
    save_requested(tmp_path, requested)
    assert requested_by(tmp_path, study) == requested
    untuned = tuned_study(tune=None)
    assert "0123" in RequestedRuns.of(untuned, load_requested(tmp_path, study.name)).former


def test_an_error_in_chosen_settings_has_the_path_of_the_tuning() -> None:
    tune = TUNE | {"space": {"training.warmup": {"low": 1, "high": 4}}, "epochs": 4}
    chosen = {"with": {"training.warmup": 4.0}, "without": {}}
    with pytest.raises(AblateError, match=r"tune > space > training\.warmup"):
        tuned_study(tune=tune).tuned(chosen)


@pytest.mark.parametrize("metric", SEARCH_METRICS)
def test_arms_can_be_tuned_by_any_validation_score(metric: str) -> None:
    searches = tuned_study(tune=TUNE | {"metric": metric}).tunings
    assert [search.judged.name for search in searches.values()] == [metric, metric]
