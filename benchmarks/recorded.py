"""Scores of real studies, by seed: those on which what is known about skewed differences and looks rests.

`recorded.csv` has a row per run: its study, arm, seed, id in recipe 1 and test PSNR (dB). `training` says how it was
trained: as the notebook does it, where some seeds start late (with the validation PSNR after the third epoch, dB), or
with the settings of `reports/`, whose runs are quieter.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

FILE = Path(__file__).with_suffix(".csv")
SEEDS = 12

EARLY = "val/psnr, epoch 3"

Training = Literal["notebook", "quiet"]


def read_recorded(study: str, training: Training = "notebook") -> pd.DataFrame:
    """The recorded runs of `heads`, `depth` or `skips`, as a study's results have them (`load_results`)."""
    runs = pd.read_csv(FILE)
    chosen = runs[(runs.study == study) & (runs.training == training)]
    return chosen.assign(status="finished", **{"cost/train_seconds": math.nan})


def recorded_scores(study: str, reference: str, training: Training = "notebook") -> np.ndarray:
    """The scores of a recorded study: seeds x arms, the reference first. Arms with fewer seeds than it are left out."""
    table = read_recorded(study, training).pivot(index="seed", columns="arm", values="test/psnr").dropna(axis="columns")
    return np.asarray(table[[reference, *table.columns.drop(reference)]])
