"""Ray Tune's grid search, 2 trials at once."""

from typing import Any

from ray import tune
from ray.tune import RunConfig, TuneConfig, Tuner

from benchmarks.peers.training import FOLDER, RATES, SEEDS, train


def objective(config: dict[str, Any]) -> None:
    train(config["rate"], config["seed"], report=lambda psnr: tune.report({"psnr": psnr}))


grid = {"rate": tune.grid_search(RATES), "seed": tune.grid_search(SEEDS)}
tuner = Tuner(
    tune.with_resources(objective, {"cpu": 1}),
    param_space=grid,
    tune_config=TuneConfig(metric="psnr", mode="max", max_concurrent_trials=2),
    run_config=RunConfig(storage_path=str(FOLDER / "ray"), verbose=0),
)
assert not tuner.fit().errors
