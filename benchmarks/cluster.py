"""How a sweep on a cluster grows with its runs: `python -m benchmarks.cluster [--runs 100 500 2000]`.

The runs are tiny, so nearly all that is measured is overhead: of the driver, and of Ray. The cluster has two nodes with
a core each beside a head without any, all on this machine; the local executor has two slots. In the longest sweep
a node is killed halfway, and another one joins.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.executors.cluster import LOCAL, set_environment
from benchmarks.pairs import HERE, machine, options, table

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

NODES = 2
STORE = 100 * 2**20
"""Bytes of each node's object store."""

STUDY = """\
question: What does a run cost?
base:
  model.image_size: [16, 16]
  model.depth: 1
  model.width: 8
  model.heads: 2
  model.decoder: linear
  training.epochs: 1
  training.scenes: 64
  training.batch: 16
  data.validation: 16
  data.test: 16
vary: {{model.skip: [both, none]}}
reference: {{model.skip: both}}
seeds: {seeds}
margin: 0.25
"""
SWEEP = """
import json, resource, sys, time
from ablate.pipeline.study import sweep
began = time.perf_counter()
result = sweep("study.yaml", report=False, **json.loads(sys.argv[1]))
own = resource.getrusage(resource.RUSAGE_SELF)
facts = [time.perf_counter() - began, own.ru_utime + own.ru_stime, own.ru_maxrss / 1000]
print(json.dumps([*facts, len(result.page.missing_runs)]))
"""


@contextmanager
def cluster_of_nodes() -> Iterator[Cluster]:
    """A head without cores, and the nodes."""
    set_environment(LOCAL)
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        os.environ["RAY_TMPDIR"] = folder
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "object_store_memory": STORE, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            for _ in range(NODES):
                add_node(cluster)
            yield cluster
        finally:
            cluster.shutdown()


def add_node(cluster: Cluster) -> Any:
    """A node with one core joins."""
    return cluster.add_node(num_cpus=1, object_store_memory=STORE)


def measure(runs: int, where: dict[str, Any], meanwhile: Callable[[Path], None] = lambda folder: None) -> list[str]:
    """Milliseconds of wall time and of the driver's own processor time per run, and the driver's highest memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.yaml").write_text(STUDY.format(seeds=runs // 2))
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        command = [sys.executable, "-P", "-c", SWEEP, json.dumps(where)]
        with open(folder / "out", "w") as out:  # not a pipe, which would be full while nobody reads it
            sweep = subprocess.Popen(command, cwd=folder, env=environment, stdout=out)
            meanwhile(folder)
            sweep.wait()
        wall, own, size, missing = json.loads((folder / "out").read_text().splitlines()[-1])
    cells = [
        f"{runs:,}",
        str(where["executor"]),
        f"{1000 * wall / runs:.0f}",
        f"{1000 * own / runs:.0f}",
        f"{size:.0f}",
    ]
    print(cells, f"{missing} missing", file=sys.stderr, flush=True)
    return [*cells, f"{missing:.0f}"]


def kill_a_node(cluster: Cluster, runs: int) -> Callable[[Path], None]:
    """What kills a node without warning once half of the runs have ended, and lets another one join."""

    def wait_and_kill(folder: Path) -> None:
        while len([*folder.glob(".ablate/runs/*/result.json")]) < runs / 2:
            time.sleep(1)
        cluster.remove_node(cluster.worker_nodes.copy().pop(), allow_graceful=False)
        add_node(cluster)

    return wait_and_kill


def main() -> None:
    """Print the table."""
    parser = options(__doc__, repeats=1, pairs=False)
    parser.add_argument("--runs", type=int, nargs="+", default=[100, 500, 2000])
    chosen = parser.parse_args()
    rows = []
    with cluster_of_nodes() as cluster:
        on_ray = {"executor": "ray", "address": cluster.address}
        for runs in chosen.runs:
            rows.append(measure(runs, {"executor": "local", "workers": NODES}))
            rows.append(measure(runs, on_ray))
        rows.append(measure(runs, on_ray, kill_a_node(cluster, runs)))
        rows[-1][1] += ", a node killed"
    print(machine())
    headings = ("runs", "executor", "wall time per run (ms)", "driver's own time (ms)", "memory (MB)", "without result")
    print(table(headings, rows))


if __name__ == "__main__":
    main()
