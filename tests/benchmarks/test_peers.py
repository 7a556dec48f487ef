"""The network that other tools train is ours."""

import os
from pathlib import Path

import pytest
import torch

from ablate.data.sources import make_scenes
from ablate.denoiser.denoiser import build_denoiser
from ablate.studies.loading import load_study
from benchmarks.peers.__main__ import STUDY, WAYS, run_ablate, save_initial_weights
from benchmarks.peers.network import Denoiser


def test_the_network_in_plain_torch_starts_as_ours_and_has_its_output(tmp_path: Path) -> None:
    save_initial_weights(tmp_path, 2)
    noisy, _ = make_scenes(4)
    (tmp_path / "peers.yaml").write_text(STUDY.format(epochs=1, seeds=2))
    for seed, run in {run.seed: run for run in load_study(tmp_path / "peers.yaml").runs}.items():
        network, ours = Denoiser(), build_denoiser(run.model, seed)
        network.load_state_dict(torch.load(tmp_path / f"{seed}.pt", weights_only=True))
        torch.testing.assert_close(network(noisy), ours(noisy), rtol=1e-4, atol=1e-5)


def test_every_way_has_its_program() -> None:
    folder = Path(__file__).parents[2] / "benchmarks" / "peers"
    assert all((folder / f"{program}.py").is_file() for program in WAYS.values())


@pytest.mark.slow  # two runs of an epoch of the default network
def test_the_scores_of_our_own_runs_are_found_beside_the_run_of_the_report(tmp_path: Path) -> None:
    before = dict(os.environ)
    measured = run_ablate(tmp_path, epochs=1, seeds=1)
    assert os.environ == before, "what runs afterwards would log to this store"
    assert set(measured.scores) == {(5e-4, 0), (1e-3, 0)}
    assert measured.seconds > 0
