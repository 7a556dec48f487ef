"""One training as the notebook's reader would write it, logged by MLflow's fluent calls. The other programs call it."""

import copy
import math
import os
from collections.abc import Callable
from pathlib import Path

import mlflow
import torch
import torch.nn.functional as F
from torch import nn
from torchmetrics.functional.image import structural_similarity_index_measure

from ablate.data.sources import make_scenes
from ablate.data.task import Split
from benchmarks.peers.network import Denoiser

SCENES, BATCH, VALIDATION, TEST = 1024, 32, 256, 2048
EPOCHS = int(os.environ["PEERS_EPOCHS"])
RATES = [5e-4, 1e-3]
SEEDS = list(range(int(os.environ["PEERS_SEEDS"])))
FOLDER = Path(os.environ["PEERS_FOLDER"])
"""Has the initial weights of each seed."""


def nothing(psnr: float) -> None:
    """Report an epoch to nobody."""


@torch.no_grad()
def evaluate(model: nn.Module, split: Split, count: int) -> dict[str, float]:
    """The scores of a split, as means over its scenes."""
    model.eval()
    sums = {"mse": 0.0, "mae": 0.0, "ssim": 0.0, "psnr_images": 0.0}
    for start in range(0, count, BATCH):
        noisy, clean = make_scenes(BATCH, split=split, start=start)
        denoised = model(noisy)
        errors = (denoised - clean).square().mean(dim=(1, 2, 3))
        sums["mse"] += float(errors.sum())
        sums["mae"] += float((denoised - clean).abs().mean(dim=(1, 2, 3)).sum())
        sums["psnr_images"] += float((-10 * errors.log10()).sum())
        similarity = structural_similarity_index_measure(denoised, clean, reduction="none", data_range=1.0)
        sums["ssim"] += float(torch.as_tensor(similarity).sum())
    scores = {name: total / count for name, total in sums.items()}
    return scores | {"psnr": -10 * math.log10(scores["mse"])}


def train(rate: float, seed: int, report: Callable[[float], None] = nothing) -> float:
    """Train a network, log it, and return its test PSNR in dB with the weights of the best epoch."""
    model = Denoiser()
    model.load_state_dict(torch.load(FOLDER / f"{seed}.pt", weights_only=True))
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    best, lowest = copy.deepcopy(model.state_dict()), math.inf
    with mlflow.start_run(run_name=f"rate={rate} seed {seed}"):
        mlflow.log_params({"rate": rate, "seed": seed, "epochs": EPOCHS})
        for epoch in range(EPOCHS):
            model.train()
            total = 0.0
            for start in range(0, SCENES, BATCH):
                noisy, clean = make_scenes(BATCH, seed, epoch=epoch, start=start)
                loss = F.mse_loss(model(noisy), clean)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                total += loss.item() * len(noisy)
            scores = evaluate(model, "validation", VALIDATION)
            named = {f"val/{name}": value for name, value in scores.items()}
            mlflow.log_metrics({"train/loss": total / SCENES, **named}, step=epoch + 1)
            report(scores["psnr"])
            if scores["mse"] < lowest:
                best, lowest = copy.deepcopy(model.state_dict()), scores["mse"]
        last = copy.deepcopy(model.state_dict())
        for kind, weights in (("last", last), ("test", best)):  # the best one last, whose scores are returned
            model.load_state_dict(weights)
            scores = evaluate(model, "test", TEST)
            mlflow.log_metrics({f"{kind}/{name}": value for name, value in scores.items()})
        torch.save(best, FOLDER / f"{rate} {seed}.pt")
        mlflow.log_artifact(str(FOLDER / f"{rate} {seed}.pt"))
    return scores["psnr"]
