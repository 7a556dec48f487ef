"""Studies whose scores are made up, to test every part of a page without training."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd

from ablate.reporting.study.data import Data, Scenes
from ablate.studies.planning import Cell, Design
from ablate.studies.study import Study

NOTHING, ZERO = 21.4, 17.3
LONG = (
    "both skip connections, as in the paper « Une image vaut 16 × 16 mots », trained à l'ancienne",
    "<b>none</b> & *nothing* `at` _all_ [no](link) $x$ <script>alert(1)</script>",
    'it\'s a "name" \\ with ~quotes~, 5 < 6 & 7 > 6, #1 &amp; 100%',
)

Score = Callable[[Cell], float | None]
"""The PSNR of a run; None if it failed, NaN if its loss was not finite."""


def grid_study(**changes: object) -> Design:
    """Three widths by four depths, each compared with the same width at a depth of 12."""
    facts = {
        "name": "grid",
        "question": "Do width and depth add up?",
        "vary": {"model.width": [16, 32, 64], "model.depth": [1, 4, 8, 12]},
        "reference": {"model.depth": 12},
        "seeds": 5,
        "margin": 0.25,
    }
    return Design.of(Study.model_validate(facts | changes))


GRID = grid_study()


def grid_score(cell: Cell) -> float | None:
    """More width and depth are better, except that deep narrow networks gain nothing; some runs fail or diverge."""
    width, depth = cell.arm.overrides["model.width"], cell.arm.overrides["model.depth"]
    if (width, depth, cell.seed) == (64, 8, 3):
        return None
    if (width, depth, cell.seed) in ((16, 8, 1), (16, 8, 2)):
        return math.nan
    noise = np.random.default_rng([width, depth, cell.seed]).normal(0, 0.15)
    return 26 + 0.4 * math.log2(width) + math.log2(depth) * math.log2(width) / 8 + 0.4 * cell.seed + float(noise)


def named_study(count: int = 20, **changes: object) -> Design:
    """Many arms, some with names that look like markup and must not become it."""
    names = [*LONG, *(f"rate {index}" for index in range(len(LONG), count))]
    facts = {
        "name": "named",
        "question": "Which <i>rate</i> is best?",
        "arms": {name: {"training.rate": 0.001 * (index + 1)} for index, name in enumerate(names)},
        "reference": LONG[0],
        "seeds": [3, 1, 7],
        "margin": 0.25,
    }
    return Design.of(Study.model_validate(facts | changes))


def named_score(cell: Cell) -> float | None:
    """A higher rate is worse."""
    rate: float = cell.arm.overrides["training.rate"]
    return 30 - 80 * rate + 0.3 * cell.seed + float(np.random.default_rng([int(1e4 * rate), cell.seed]).normal(0, 0.1))


def fabricate(study: Design, score: Score) -> Data:
    """Make up the data of a study whose runs have these scores."""
    planned = study.cells
    runs = pd.DataFrame([_row(cell, score(cell)) for cell in planned])
    epochs = [_epochs(cell, score(cell)) for cell in planned if score(cell) is not None]
    return Data(runs, pd.concat(epochs, ignore_index=True), _scenes(study, score))


def _row(cell: Cell, psnr: float | None) -> dict[str, object]:
    facts: dict[str, object] = {"arm": cell.arm.name, "seed": cell.seed, "run": cell.run.id, "error": None}
    if psnr is None:
        return facts | {"status": "failed", "error": "RuntimeError: out of memory"}
    status, shown = ("diverged", ZERO) if math.isnan(psnr) else ("finished", psnr)
    scores = {"mse": 10 ** (-shown / 10), "psnr": shown, "ssim": shown / 35, "gain": shown - NOTHING}
    facts |= {"status": status, "began": 0.0, "ended": 90.0}
    facts |= {"test/mse_sem": math.nan if status == "diverged" else 2e-5}
    facts |= {f"{kind}/{name}": value for kind in ("test", "last") for name, value in scores.items()}
    for kind, value in (("nothing", NOTHING), ("zero", ZERO)):
        facts |= {
            f"{kind}/mse": 10 ** (-value / 10),
            f"{kind}/psnr": value,
            f"{kind}/ssim": 0.5,
            f"{kind}/gain": value - NOTHING,
        }
    size = cell.arm.settings.model.width * cell.arm.settings.model.depth
    facts |= {"cost/parameters": 1000.0 * size, "cost/flops": 2e5 * size, "cost/train_seconds": 90.0 + size + cell.seed}
    return facts | {"env/torch": "2.14.1", "env/device": "a processor", "env/commit": "faf98b73db92"}


def _epochs(cell: Cell, psnr: float | None, count: int = 12) -> pd.DataFrame:
    assert psnr is not None
    ended, level = (4, 20.0) if math.isnan(psnr) else (count, psnr)
    epoch = np.arange(1, ended + 1)
    curve = level - 12 * np.exp(-epoch / 3) + np.random.default_rng(cell.seed).normal(0, 0.3, ended)
    facts = {"arm": cell.arm.name, "seed": cell.seed, "run": cell.run.id, "epoch": epoch}
    return pd.DataFrame(facts | {"val/psnr": curve, "val/mse": 10 ** (-curve / 10), "val/ssim": curve / 35})


def _scenes(study: Design, score: Score) -> dict[str, Scenes]:
    random = np.random.default_rng(0)
    clean = random.random((3, 1, 16, 16), np.float32) / 2
    noisy = clean + random.random(clean.shape, np.float32) / 4
    found = {}
    for arm in study.arms:
        first = score(Cell(arm, study.seeds[0], arm.run(study.seeds[0])))
        if first is not None and math.isfinite(first):
            denoised = clean + random.normal(0, 0.05, clean.shape).astype(np.float32)
            mse = ((denoised - clean) ** 2).mean(axis=(1, 2, 3))
            found[arm.name] = {"noisy": noisy, "clean": clean, "denoised": denoised, "index": np.arange(3), "mse": mse}
    return found
