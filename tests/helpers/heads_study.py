"""Invented scores of a study of heads: one arm is equivalent to the reference, one worse, one better, one undecided."""

from typing import Any

import pandas as pd

from ablate.reporting.study.data import Data
from ablate.studies.planning import Design
from ablate.studies.study import Study

REFERENCE = [30.0, 29.0, 31.0, 30.5]
JITTER = [0.01, -0.01, 0.02, 0.0]
SHIFTS = {1: 0.05, 2: -1.0, 8: 1.0}


def study(**changes: object) -> Design:
    facts = {
        "name": "heads",
        "question": "Do heads matter?",
        "vary": {"model.heads": [4, *SHIFTS, 16]},
        "reference": {"model.heads": 4},
        "seeds": 4,
        "margin": 0.25,
    }
    return Design.of(Study.model_validate(facts | changes))


def scores(arm: str) -> list[float]:
    """The made-up PSNR of an arm: the reference's, shifted, with some jitter; that of heads=16 varies widely."""
    heads = int(arm.removeprefix("heads="))
    if heads == 4:
        return REFERENCE
    if heads == 16:
        return [28.0, 31.5, 30.0, 31.0]
    return [score + SHIFTS[heads] + jitter for score, jitter in zip(REFERENCE, JITTER, strict=True)]


def row(study: Design, arm: str, seed: int, psnr: float) -> dict[str, object]:
    scores = {"mse": 10 ** (-psnr / 10), "psnr": psnr, "ssim": 0.9, "gain": psnr - 21.4}
    facts: dict[str, object] = {"arm": arm, "seed": seed, "run": f"{arm}{seed}", "status": "finished", "error": None}
    facts |= {f"{kind}/{name}": value for kind in ("test", "last") for name, value in scores.items()}
    facts |= {"nothing/psnr": 21.4, "zero/psnr": 17.3, "nothing/mse": 0.0072, "zero/mse": 0.0188}
    facts |= {"test/mse_sem": 1e-5, "cost/parameters": 171317, "cost/flops": 37.7e6}
    return facts | {"cost/train_seconds": 90.0, "env/torch": "2.14", "env/threads": "1"}


def data(study: Design, **columns: Any) -> Data:
    rows = [row(study, arm.name, seed, scores(arm.name)[seed]) for arm in study.arms for seed in study.seeds]
    return Data(pd.DataFrame(rows).assign(**columns), pd.DataFrame(columns=["arm", "epoch"]), {})
