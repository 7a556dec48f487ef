"""The same twelve trainings as `ablate sweep` and as users of other tools write them: `python -m benchmarks.peers`."""
