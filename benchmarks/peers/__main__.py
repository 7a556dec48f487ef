"""Time the same trainings by `ablate sweep` and by four other ways: `python -m benchmarks.peers [--seeds 6]`.

The default network, trained as the notebook does, with two learning rates and as many seeds, in two processes at a time
where the tool has them. The other ways are written as their users write them, with the notebook's network in plain
torch, and log to MLflow by its fluent calls. All make the same steps on the same scenes from the same initial values,
so their scores differ by chance only: attention and sums over threads are computed in another order.
`ablate sweep` also keeps its record, sample images and checkpoints, and writes the report.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

from benchmarks.pairs import HERE, machine, options, table

PROGRAMS = Path(__file__).parent
WAYS = {
    "a plain loop": "plain_loop",
    "Hydra, joblib launcher": "hydra_joblib",
    "Ray Tune": "ray_tune",
    "Optuna, `n_jobs=2`": "optuna_grid",
}
OURS = "`ablate sweep`"
PACKAGES = ("hydra-core==1.3.*", "hydra-joblib-launcher==1.2.*", "ray[tune]>=2.60", "optuna")
NAMES = {
    r"encoder\.embedding\.projection": "encoder.patch_embed.proj",
    r"encoder\.position\.table": "encoder.pos_embed",
    r"attention\.qkv": "attn.qkv",
    r"attention\.projection": "attn.proj",
    r"mlp\.0": "mlp.fc1",
    r"mlp\.2": "mlp.fc2",
    r"decoder\.stages\.0\.": "decoder.up1.",
    r"decoder\.stages\.1\.": "decoder.up2.",
    r"decoder\.stages\.2\.": "decoder.up3.",
    r"\.convolutions\.": ".conv.conv.",
    r"decoder\.head": "decoder.outc",
}
"""From our names of parameters to the notebook's."""

STUDY = """\
question: Which of two learning rates is better?
base: {{model.head_init: torch, training.statistics: running, training.epochs: {epochs}}}  # as the notebook
vary: {{training.rate: [5e-4, 1e-3]}}
reference: {{training.rate: 1e-3}}
seeds: {seeds}
margin: 0.25
"""


class Measured(NamedTuple):
    """One repetition: its wall time in seconds, and the test PSNR of each run by its rate and seed."""

    seconds: float
    scores: dict[tuple[float, int], float]


def make_environment(folder: Path) -> Path:
    """Make an environment with Hydra, its launcher and Ray Tune on top of this one's packages; returns its Python."""
    venv.create(folder, with_pip=True)
    own = next(path for path in sys.path if path.endswith("site-packages"))
    (place,) = folder.glob("lib/python*/site-packages")
    (place / "this_environment.pth").write_text(f"{own}\n")
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


def save_initial_weights(folder: Path, seeds: int) -> None:
    """Save our initial weights of each seed under the notebook's names."""
    import torch

    from ablate.denoiser.denoiser import build_denoiser
    from ablate.settings import ModelConfig

    for seed in range(seeds):
        weights = build_denoiser(ModelConfig(head_init="torch"), seed).state_dict()
        torch.save({_rename(name): value for name, value in weights.items()}, folder / f"{seed}.pt")


def _rename(name: str) -> str:
    for ours, theirs in NAMES.items():
        name = re.sub(ours, theirs, name)
    return name


def run_peer(python: Path, program: str, folder: Path, epochs: int, seeds: int) -> Measured:
    """Run one of the other ways. Its MLflow store is made before: two processes that make it at once would fail."""
    from mlflow import MlflowClient

    save_initial_weights(folder, seeds)
    store = f"sqlite:///{folder / 'mlflow.db'}"
    MlflowClient(store).create_experiment("peers", artifact_location=str(folder / "mlartifacts"))
    chosen = {
        "PEERS_EPOCHS": str(epochs),
        "PEERS_SEEDS": str(seeds),
        "PEERS_FOLDER": str(folder),
        "MLFLOW_TRACKING_URI": store,
        "MLFLOW_EXPERIMENT_NAME": "peers",
    }
    return _time([str(python), "-m", f"benchmarks.peers.{program}"], folder, chosen)


def run_ablate(folder: Path, epochs: int, seeds: int) -> Measured:
    """Run `ablate sweep`, with its tracking, record and report."""
    (folder / "peers.yaml").write_text(STUDY.format(epochs=epochs, seeds=seeds))
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}
    return _time([sys.executable, "-m", "ablate", "sweep", "peers.yaml", "--workers", "2"], folder, store)


def _time(command: list[str], folder: Path, chosen: dict[str, str]) -> Measured:
    environment = {**os.environ, **chosen, "PYTHONPATH": str(HERE)}
    began = time.perf_counter()
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}")
    return Measured(seconds, dict(_scores(folder)))


def _scores(folder: Path) -> Iterator[tuple[tuple[float, int], float]]:
    """The test PSNR that MLflow has of each run."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    for run in client.search_runs([experiment.experiment_id for experiment in client.search_experiments()]):
        params = run.data.params
        if rate := params.get("rate", params.get("training.rate")):  # the report of `ablate sweep` is a run, too
            yield (float(rate), int(params["seed"])), run.data.metrics["test/psnr"]


def main() -> None:
    """Print the table."""
    parser = options(__doc__, repeats=1, pairs=False)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=6, help="half the number of runs")
    parser.add_argument("--keep", type=Path, help="a new folder for the runs, which are removed otherwise")
    chosen = parser.parse_args()
    found: dict[str, list[Measured]] = {way: [] for way in (*WAYS, OURS)}
    with tempfile.TemporaryDirectory() as temporary:
        python = make_environment(Path(temporary) / "environment")
        root = (chosen.keep or Path(temporary) / "runs").resolve()
        for repeat in range(chosen.repeats):
            for way, program in (*WAYS.items(), (OURS, "ablate")):
                (folder := root / f"{program}_{repeat}").mkdir(parents=True)
                size = folder, chosen.epochs, chosen.seeds
                found[way].append(run_ablate(*size) if way == OURS else run_peer(python, program, *size))
    print(machine())
    print(_table(found, 2 * chosen.seeds))


def _table(found: dict[str, list[Measured]], runs: int) -> str:
    """Each way beside `ablate sweep`; how far its scores are from those of the plain loop, on average and at most."""
    own = median(measured.seconds for measured in found[OURS])
    first = found["a plain loop"][0].scores
    rows = []
    for way, repeats in found.items():
        scores = repeats[0].scores
        assert len(scores) == len(first) == runs, f"{way}: {len(scores)} runs"
        differences = [scores[key] - first[key] for key in first]
        farthest = max(differences, key=abs)
        seconds = [measured.seconds for measured in repeats]
        times = ", ".join(f"{number:.0f}" for number in seconds)
        rows.append([way, times, f"{own / median(seconds):.2f}", f"{mean(differences):+.2f}", f"{farthest:+.2f}"])
    headings = ["way", "seconds", "`ablate sweep` takes", "difference of scores, dB: mean", "largest"]
    return table(headings, rows)


if __name__ == "__main__":
    main()
