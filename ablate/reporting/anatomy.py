"""The page that answers the notebook's questions about the network, with numbers from the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from ablate.data.sources import make_scenes
from ablate.denoiser.anatomy import describe
from ablate.reporting import REPORTS
from ablate.reporting.markup.rendering import templates
from ablate.reporting.study.reading import read_table
from ablate.settings import ModelConfig, Settings, TrainingConfig

VARIANTS: dict[str, dict[str, Any]] = {
    "no skips": {"skip": "none"},
    "uniform": {"attention": "uniform"},
    "linear": {"decoder": "linear"},
    "unet": {"decoder": "unet"},
}
"""The networks in the answers besides the default one, by their settings that differ from it."""

NOTEBOOK = Settings(model=ModelConfig(head_init="torch"), training=TrainingConfig(statistics="running"))
"""What the notebook trains, with skip connections."""

BATCH = 6
"""Images in a batch: the notebook's `gen(6)`."""


def render(reports: Path = REPORTS) -> str:
    """The page as Markdown; its last answer summarises the runs in `reports` that were trained as the notebook does."""
    environment = templates(escaped=False)
    environment.filters |= {"of": lambda shape: f"({', '.join(map(str, (BATCH, *shape)))})", "count": "{:,}".format}
    config, default = ModelConfig(), describe()
    heads = next(row for row in default.heads if row.heads == config.heads)
    query, key = (torch.empty(BATCH, *shape, device="meta") for shape in (heads.query, heads.key))
    return environment.get_template("anatomy.md.j2").render(
        config=config,
        default=default,
        network=default.network,
        heads=heads,
        scores=tuple((query @ key).shape[1:]),
        scenes=tuple(make_scenes(BATCH)[0].shape[1:]),
        gelu={x: nn.functional.gelu(torch.tensor(float(x))).item() for x in (-3, -1, 1, 3)},
        runs=notebook_runs(reports),
        **{name.replace(" ", "_"): describe(ModelConfig(**change)) for name, change in VARIANTS.items()},
    )


def notebook_runs(reports: Path, seeds: int = 100) -> pd.DataFrame:
    """The finished runs of `NOTEBOOK` in all reports, one row each, with seeds below `seeds`."""
    tables = [read_table(path) for path in sorted(reports.glob("*/data/runs.csv"))]
    runs = pd.concat([pd.DataFrame(columns=["run", "status"]), *tables]).drop_duplicates("run")
    ids = {NOTEBOOK.run(seed).id for seed in range(seeds)}
    return runs[runs.run.isin(ids) & (runs.status == "finished")]
