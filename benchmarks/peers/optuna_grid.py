"""Optuna's grid, with two threads."""

import optuna

from benchmarks.peers.training import RATES, SEEDS, train


def objective(trial: optuna.Trial) -> float:
    return train(trial.suggest_categorical("rate", RATES), trial.suggest_categorical("seed", SEEDS))


study = optuna.create_study(
    direction="maximize", sampler=optuna.samplers.GridSampler({"rate": RATES, "seed": SEEDS}), storage=None
)
study.optimize(objective, n_jobs=2)
