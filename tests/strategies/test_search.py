"""Which trials a search draws and where it gives them up, with made-up scores instead of training."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import FrozenTrial, TrialState

from ablate.errors import StudyError
from ablate.strategies import DIVERGED, Outcome
from ablate.strategies.search import Searching
from ablate.strategies.trials import PRUNERS, RUN, SAMPLERS, WHY, distributions, overrides, run_of
from ablate.studies.space import Pruner, Sampler
from tests.helpers.searches import facts, made_up_search, outcome_of, run_to_its_end, scores

WHOLE = facts(run_to_its_end(Searching(made_up_search())))
"""What every search of these settings has to end with."""


def test_the_names_of_the_file_are_those_of_the_code() -> None:
    assert set(SAMPLERS) == set(get_args(Sampler))
    assert set(PRUNERS) == set(get_args(Pruner))


def test_a_search_tries_as_many_settings_as_it_has_trials() -> None:
    assert len(WHOLE) == 12
    assert {state for state, _, _ in WHOLE} == {"COMPLETE", "PRUNED", "FAIL"}


@settings(deadline=None, max_examples=20)
@given(st.randoms(use_true_random=False))
def test_the_trials_do_not_depend_on_which_run_is_faster(chance: object) -> None:
    strategy = Searching(made_up_search())
    finished = run_to_its_end(strategy, lambda count: chance.randrange(count))  # type: ignore[attr-defined]
    assert facts(finished) == WHOLE


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 12))
def test_a_search_that_continues_from_finished_trials_ends_with_the_same_trials(count: int) -> None:
    finished = run_to_its_end(Searching(made_up_search()))[:count]
    assert facts(run_to_its_end(Searching(made_up_search(), finished))) == WHOLE


@pytest.mark.parametrize("sampler", get_args(Sampler))
@pytest.mark.parametrize("pruner", get_args(Pruner))
def test_every_sampler_goes_with_every_pruner_and_draws_the_same_trials_again(sampler: str, pruner: str) -> None:
    search = made_up_search(sampler=sampler, pruner=pruner, trials=10)
    assert facts(run_to_its_end(Searching(search))) == facts(run_to_its_end(Searching(search)))


def test_no_more_trials_are_open_than_may_be() -> None:
    strategy = Searching(made_up_search(parallel=3))
    assert len(strategy.propose({})) <= 3
    assert len(strategy.open) == 3


def test_a_trial_does_not_know_the_ends_of_those_that_were_open_with_it() -> None:
    """The third of two open trials is drawn once the first has ended: the outcome of the second changes nothing."""
    drawn = []
    for epochs in (0, 4):
        space = {"training.rate": {"low": 1e-4, "high": 1e-1}}
        strategy = Searching(made_up_search(parallel=2, space=space, trials=3))
        first, second = strategy.propose({})
        strategy.propose({first.id: outcome_of(first, 4), second.id: outcome_of(second, epochs)})
        drawn.append(strategy.open[-1].trial.params)
        assert strategy.open[-1].number == 2
    assert drawn[0] == drawn[1]


def test_trials_finish_in_the_order_of_their_numbers() -> None:
    strategy = Searching(made_up_search(pruner="none", parallel=4, space={"model.skip": ["both", "none"]}, trials=4))
    heard: list[int] = []
    strategy.on_tell = lambda trial: heard.append(trial.number)
    run_to_its_end(strategy, lambda count: count - 1)
    assert heard == [0, 1, 2, 3]


def test_a_run_is_pruned_where_its_trial_is_even_if_the_record_holds_all_of_it() -> None:
    strategy = Searching(made_up_search())
    outcomes: dict[str, Outcome] = {}
    while fresh := [run for run in strategy.propose(outcomes) if run.id not in outcomes]:
        outcomes |= {run.id: outcome_of(run, run.training.epochs) for run in fresh}
    assert facts(strategy.finished) == WHOLE


def test_a_pruned_run_is_proposed_no_more() -> None:
    strategy = Searching(made_up_search())
    run_to_its_end(strategy)
    pruned = [trial.user_attrs[RUN] for trial in strategy.finished if trial.state == TrialState.PRUNED]
    assert pruned
    assert strategy.given_up == sorted(pruned)
    assert not set(pruned) & {run.id for run in strategy.propose({})}


def test_settings_that_make_no_network_are_failed_trials_and_the_next_are_drawn() -> None:
    failed = [trial for trial in run_to_its_end(Searching(made_up_search())) if trial.state == TrialState.FAIL]
    assert failed
    assert all("3 heads do not divide a width of 8" in trial.user_attrs[WHY] for trial in failed)


def test_a_failed_run_is_a_failed_trial() -> None:
    strategy = Searching(made_up_search(trials=1, space={"model.skip": ["both", "none"]}))
    (run,) = strategy.propose({})
    strategy.propose({run.id: Outcome("timed out")})
    assert [(trial.state.name, trial.user_attrs[WHY]) for trial in strategy.finished] == [("FAIL", "timed out")]


def test_a_diverged_run_scores_what_predicting_zero_does() -> None:
    strategy = Searching(made_up_search(trials=1, space={"model.skip": ["both", "none"]}))
    (run,) = strategy.propose({})
    strategy.propose({run.id: Outcome("diverged", [], {"zero/psnr": 17.3})})
    assert [(trial.value, trial.user_attrs[WHY]) for trial in strategy.finished] == [(17.3, DIVERGED)]


def test_a_trial_is_worth_its_best_epoch() -> None:
    strategy = Searching(made_up_search(trials=1, space={"model.skip": ["both", "none"]}))
    (run,) = strategy.propose({})
    values = [20.0, 25.0, 24.0, 19.0]
    strategy.propose({run.id: outcome_of(run, 4, lambda run: values)})
    assert [trial.value for trial in strategy.finished] == [25.0]


def test_less_is_better_where_the_metric_is_an_error() -> None:
    search = made_up_search(metric="val/mse", trials=1, space={"model.skip": ["both", "none"]})
    strategy = Searching(search)
    (run,) = strategy.propose({})
    rows = [{"val/mse": value} for value in (0.5, 0.2, 0.3, 0.4)]
    strategy.propose({run.id: Outcome("finished", rows)})
    assert [trial.value for trial in strategy.finished] == [0.2]


ONE = {"trials": 1, "space": {"model.skip": ["both", "none"]}}
OLD = "it was trained by a version of ablate that did not compute it"


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (Outcome("finished", [{"val/psnr": 20.0}] * 4), f"its recorded run has no val/ssim: {OLD}"),
        (Outcome("unfinished", [{"val/psnr": 20.0}]), f"its recorded run has no val/ssim: {OLD}"),
        (Outcome("diverged", [], {"zero/psnr": 17.3}), f"its recorded run has no zero/ssim: {OLD}"),
    ],
    ids=["finished", "unfinished", "diverged"],
)
def test_a_run_recorded_without_the_score_is_a_failed_trial(outcome: Outcome, why: str) -> None:
    strategy = Searching(made_up_search(metric="val/ssim", **ONE))
    (run,) = strategy.propose({})
    assert strategy.propose({run.id: outcome}) == []
    assert [(trial.state.name, trial.user_attrs[WHY]) for trial in strategy.finished] == [("FAIL", why)]


def test_a_run_recorded_without_the_score_does_not_end_the_search() -> None:
    search = made_up_search(metric="val/mse", trials=3, pruner="none", space={"training.rate": [0.1, 0.2, 0.3, 0.4]})
    strategy = Searching(search)
    outcomes: dict[str, Outcome] = {}
    while fresh := [run for run in strategy.propose(outcomes) if run.id not in outcomes]:
        for run in fresh:
            name = "val/mse" if outcomes else "val/psnr"  # the first run that it draws is an old one
            outcomes[run.id] = Outcome("finished", [{name: 0.5}] * 4)
    assert [trial.state.name for trial in strategy.finished] == ["FAIL", "COMPLETE", "COMPLETE"]


def test_the_same_settings_drawn_twice_are_one_run_and_two_trials() -> None:
    search = made_up_search(sampler="random", trials=6, pruner="none", space={"model.skip": ["both", "none"]})
    strategy = Searching(search)
    finished = run_to_its_end(strategy)
    assert len(finished) == 6
    assert len({trial.user_attrs[RUN] for trial in finished}) == 2
    by_run = {trial.user_attrs[RUN]: trial.value for trial in finished}
    assert all(trial.value == by_run[trial.user_attrs[RUN]] for trial in finished)


def test_raising_the_number_of_trials_continues_the_search() -> None:
    few = run_to_its_end(Searching(made_up_search(trials=5)))
    assert made_up_search(trials=5).id == made_up_search().id
    assert facts(run_to_its_end(Searching(made_up_search(), few))) == WHOLE


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"sampler": "random"}, {"parallel": 2}, {"base": {}}, {"metric": "val/mse"}, {"pruner": "none"}],
    ids=str,
)
def test_whatever_changes_the_trials_makes_it_another_search(change: dict[str, object]) -> None:
    assert (
        made_up_search(space={"model.skip": ["both", "none"]}, **change).id
        != made_up_search(space={"model.skip": ["both", "none"]}).id
    )


def test_a_drawn_fraction_has_four_digits_and_stays_in_its_range() -> None:
    search = made_up_search(space={"training.rate": {"low": 0.0012344, "high": 0.01}})
    assert overrides(search.space, {"training.rate": 0.0012344}) == {"training.rate": 0.0012344}
    assert overrides(search.space, {"training.rate": 0.0055555555}) == {"training.rate": 0.005556}


def test_values_of_a_list_come_back_as_they_were_given() -> None:
    values = [[64, 64], [32, 32]]
    space = made_up_search(space={"training.weight_decay": [None, 0.1]}).space | {"model.image_size": values}
    known = distributions(space)
    assert known["model.image_size"].choices == ("64x64", "32x32")  # type: ignore[attr-defined]
    chosen = overrides(space, {"training.weight_decay": "null", "model.image_size": "32x32"})
    assert chosen == {"training.weight_decay": None, "model.image_size": [32, 32]}


def test_a_run_of_impossible_settings_says_why() -> None:
    with pytest.raises(StudyError, match="3 heads do not divide"):
        run_of(made_up_search(), {"training.rate": 0.01, "model.heads": 3, "model.skip": "both"})


def test_tpe_learns_from_finished_trials() -> None:
    """On made-up scores with one clear optimum the later half of the trials is better than the first."""
    search = made_up_search(space={"training.rate": {"low": 1e-4, "high": 1e-1, "log": True}}, trials=30, pruner="none")
    values = [scores(run_of(search, trial.params))[-1] for trial in run_to_its_end(Searching(search))]
    assert sum(values[15:]) > sum(values[:15])


def test_a_trial_that_is_left_to_the_next_sweep_does_not_end_and_is_drawn_again() -> None:
    search = made_up_search(trials=3, parallel=1, pruner="none")
    told: list[FrozenTrial] = []
    first = Searching(search, on_tell=told.append)
    (run,) = first.propose({})
    before = list(told)
    abandoned = {run.id: Outcome("lost")}
    assert first.propose(abandoned) == [run], "no other trial is drawn before its end is known"
    assert told == before
    assert Searching(search).propose({}) == [run]
