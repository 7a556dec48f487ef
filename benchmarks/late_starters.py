"""Why some seeds start late, and what avoids it: `python -m benchmarks.late_starters [--train]`.

`--train` trains the default network for a few epochs with many seeds, once with torch's initial values of its last
convolution and once with small ones (`model.head_init`). It saves each run in `benchmarks/late_starters.csv`, and
continues after an interruption. Without it the tables are written from that file and from recorded studies.
"""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import torch
from scipy import stats
from torch import Tensor, nn

from ablate.data.sources import make_scenes
from ablate.denoiser.denoiser import build_denoiser
from ablate.overrides import resolve
from ablate.settings import ModelConfig
from ablate.training.evaluation import score_baselines
from ablate.training.loop import Trainer
from benchmarks import recorded
from benchmarks.pairs import table

FILE = Path(__file__).with_suffix(".csv")
HEAD_INITS = get_args(ModelConfig.model_fields["head_init"].annotation)
SEEDS, EPOCHS, SCENES = 64, 4, 64
MEAN_OF_A_RECTIFIED_NORMAL = (2 * math.pi) ** -0.5
"""What a channel after BatchNorm and ReLU is on average, at the start of the training."""


def first_offset(head_init: Any, seed: int) -> float:
    """The mean of the images that a network gives before it is trained."""
    head: Any = build_denoiser(ModelConfig(head_init=head_init, depth=1), seed).decoder.head  # alike at any depth
    return float(head.weight.detach().sum() * MEAN_OF_A_RECTIFIED_NORMAL + head.bias.detach())


def follow(head_init: str, seed: int, epochs: int = EPOCHS, **changes: Any) -> pd.DataFrame:
    """Train a run; one row per epoch: validation PSNR (dB) with precise statistics, and the least active channel."""
    settings = {"training.epochs": epochs, "training.statistics": "precise", "model.head_init": head_init}
    trainer = Trainer(resolve({**settings, **changes}).run(seed), "cpu")
    rows = []
    for _ in range(epochs):
        if not trainer.advance():
            break
        active = {"active": least_active(trainer.model, trainer)}
        rows.append({"epoch": trainer.rows[-1]["epoch"], "psnr": trainer.rows[-1]["val/psnr"], **active})
    return pd.DataFrame(rows).assign(head_init=head_init, seed=seed)


@torch.no_grad()
def least_active(model: nn.Module, trainer: Trainer) -> float:
    """The lowest share of positive values of any channel after any ReLU of the decoder; 0 if a channel is dead."""
    shares: list[Tensor] = []
    hooks = [
        layer.register_forward_hook(lambda _layer, _input, output: shares.append((output > 0).float().mean((0, 2, 3))))
        for layer in trainer.model.decoder.modules()
        if isinstance(layer, nn.ReLU)
    ]
    noisy, _ = make_scenes(SCENES, split="validation", task=trainer.task)
    model.eval()(noisy)
    for hook in hooks:
        hook.remove()
    return float(torch.cat(shares).min())


def train_all() -> None:
    """Train what is missing, seed by seed, and save each run at once."""
    torch.set_num_threads(1)
    found = pd.read_csv(FILE) if FILE.exists() else pd.DataFrame(columns=["head_init", "seed"])
    for seed in range(SEEDS):
        for head_init in HEAD_INITS:
            if ((found.head_init == head_init) & (found.seed == seed)).any():
                continue
            found = pd.concat([found, follow(head_init, seed)])
            part = FILE.with_suffix(".part")
            found.to_csv(part, index=False)
            os.replace(part, FILE)
            print(head_init, seed, f"{found.psnr.iloc[-1]:.2f} dB", flush=True)


def recorded_table() -> str:
    """For each recorded seed, the networks' first offset and the PSNR of all recorded networks after a few epochs."""
    runs = pd.read_csv(recorded.FILE).dropna(subset=recorded.EARLY).drop_duplicates("run")
    early = runs.groupby("seed")[recorded.EARLY]
    offsets = pd.Series({seed: first_offset("torch", seed) for seed in early.mean().index})
    order = offsets.abs().sort_values().index
    rows = [
        [
            str(seed),
            f"{offsets[seed]:+.2f}",
            f"{early.mean()[seed]:.1f}",
            f"{early.min()[seed]:.1f}",
            f"{early.max()[seed]:.1f}",
        ]
        for seed in order
    ]
    rank = stats.spearmanr(offsets.abs(), early.mean()).statistic
    networks = runs.groupby("seed").size().min()
    headings = ("seed", "first offset", "PSNR after 3 epochs", "lowest", "highest")
    return (
        f"{table(headings, rows)}\n\n{networks} networks per seed; rank correlation of |offset| and PSNR {rank:+.2f}."
    )


def offsets_table() -> str:
    """How often the first offset is far from zero, which takes no training."""
    rows = []
    for head_init in HEAD_INITS:
        offsets = pd.Series([first_offset(head_init, seed) for seed in range(SEEDS)]).abs()
        shares = [f"{(offsets > limit).mean():.0%}" for limit in (0.1, 0.2, 0.3, 0.4)]
        rows.append([head_init, f"{offsets.median():.3f}", f"{offsets.max():.3f}", *shares])
    headings = ("`model.head_init`", "median of abs. offset", "highest", *(f"above {n}" for n in (0.1, 0.2, 0.3, 0.4)))
    return table(headings, rows)


def trained_table(runs: pd.DataFrame) -> str:
    """Of the seeds that both initial values have: how they score after each epoch, and how many start late."""
    zero = score_baselines(Trainer(resolve({}).run(0), "cpu").task, 2048)["zero/psnr"]
    both = runs.groupby("seed").filter(lambda seed: seed.head_init.nunique() == len(HEAD_INITS))
    rows = []
    for (head_init, epoch), group in both.groupby(["head_init", "epoch"], sort=False):
        late, dead = (group.psnr < zero).sum(), (group.active == 0).sum()
        numbers = [f"{number:.2f}" for number in (group.psnr.mean(), group.psnr.std(), group.psnr.min())]
        rows.append([str(head_init), f"{epoch:.0f}", str(len(group)), *numbers, str(late), str(dead)])
    headings = ("`model.head_init`", "epoch", "seeds", "PSNR", "sd", "lowest", f"below {zero:.1f} dB", "a dead channel")
    return table(headings, rows)


def main() -> None:
    """Train, or print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true")
    if parser.parse_args().train:
        train_all()
    else:
        print(recorded_table(), offsets_table(), trained_table(pd.read_csv(FILE)), sep="\n\n")


if __name__ == "__main__":
    main()
