"""Hydra's multirun with its joblib launcher, 2 jobs."""

import hydra
from omegaconf import DictConfig

from benchmarks.peers.training import train


@hydra.main(version_base=None, config_path=".", config_name="hydra_joblib")
def main(config: DictConfig) -> None:
    train(config.rate, config.seed)


if __name__ == "__main__":
    main()
