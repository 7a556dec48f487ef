"""A plain loop in one process, with torch's default threads."""

from benchmarks.peers.training import RATES, SEEDS, train

for rate in RATES:
    for seed in SEEDS:
        train(rate, seed)
