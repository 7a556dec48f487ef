"""The network that other tools train is ours."""

from pathlib import Path

import torch

from ablate.data.sources import make_scenes
from ablate.denoiser.denoiser import build_denoiser
from benchmarks.peers.__main__ import WAYS, save_initial_weights
from benchmarks.peers.network import Denoiser


def test_the_network_in_plain_torch_starts_as_ours_and_has_its_output(tmp_path: Path) -> None:
    save_initial_weights(tmp_path, 2)
    noisy, _ = make_scenes(4)
    for seed in range(2):
        network, ours = Denoiser(), build_denoiser(seed=seed)
        network.load_state_dict(torch.load(tmp_path / f"{seed}.pt", weights_only=True))
        torch.testing.assert_close(network(noisy), ours(noisy), rtol=1e-4, atol=1e-5)


def test_every_way_has_its_program() -> None:
    folder = Path(__file__).parents[2] / "benchmarks" / "peers"
    assert all((folder / f"{program}.py").is_file() for program in WAYS.values())
