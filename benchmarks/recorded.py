"""Studies that were trained as the notebook does it, with torch's initial values: 12 seeds, some of which start late.

`recorded.csv` has a row per run: its study, arm, seed, id in recipe 1, test PSNR, and validation PSNR after the third
epoch (dB). The benchmarks of late starters, skewed differences and looks use it. The studies below `reports/` have
quieter runs.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd

FILE = Path(__file__).with_suffix(".csv")
SEEDS = 12

EARLY = "val/psnr, epoch 3"


def read_recorded(study: str) -> pd.DataFrame:
    """The recorded runs of `heads`, `depth` or `skips`, as a study's results have them (`load_results`)."""
    runs = pd.read_csv(FILE)
    return runs[runs.study == study].assign(status="finished", **{"cost/train_seconds": math.nan})


def recorded_scores(study: str, reference: str) -> np.ndarray:
    """The scores of a recorded study: seeds x arms, the reference first."""
    table = read_recorded(study).pivot(index="seed", columns="arm", values="test/psnr")
    return np.asarray(table[[reference, *table.columns.drop(reference)]])
