"""A real Slurm of two nodes on this machine, each in namespaces of its own, joined by a virtual cable.

Each node sees its own processes only, so `ray stop` there ends nothing else, and no network but that of the two.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ablate.executors.slurm import seconds_of
from tests.helpers.clusters import wait_until
from tests.helpers.committed import ROOT

PATIENCE = 1500.0
"""Seconds until a test gives up: many, since starting Ray on a busy machine can take minutes."""

NODES = {"node1": "10.77.0.1", "node2": "10.77.0.2"}
NAMESPACES = ("--pid", "--mount", "--net", "--uts")
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "unshare", "nsenter", "ip")

CONFIGURATION = """\
ClusterName=test
SlurmctldHost=node1
SlurmUser=root
SlurmdUser=root
AuthInfo=cred_expire=5    # also what a job waits that is queued again
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
OverTimeLimit=30    # a machine that is slow may take longer than a job has
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=node[1-2] CPUs=1
PartitionName=low Nodes=ALL Default=YES PriorityTier=1
PartitionName=high Nodes=ALL PriorityTier=2
"""


@dataclass
class Slurm:
    """A Slurm cluster that is running; `nodes` are the process ids of its nodes."""

    nodes: dict[str, int]
    environment: dict[str, str]

    def typed(
        self, *words: str, folder: Path = ROOT, node: str = "node1", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on a node, in a folder."""
        enter = ["nsenter", "--target", str(self.nodes[node]), *NAMESPACES, "sh", "-c", 'cd "$0" && exec "$@"']
        command = [*enter, str(folder), *words]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=check, stdin=subprocess.DEVNULL
        )

    def submit(self, *words: str, folder: Path) -> str:
        """Type a command that submits a job; returns its number."""
        said = self.typed(*words, folder=folder).stdout
        assert said.startswith("Submitted batch job "), said
        return said.split()[-1]

    def facts(self, job: str) -> dict[str, str]:
        """What Slurm knows about a job, e.g. its JobState."""
        said = self.typed("scontrol", "show", "--oneliner", "job", job).stdout
        return dict(fact.split("=", 1) for fact in said.split() if "=" in fact)

    def wait_for_end(self, job: str) -> str:
        """Wait until a job has ended; returns its state and its exit code, e.g. COMPLETED 0:0."""
        wait_until(lambda: self.facts(job)["JobState"] in ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT"), PATIENCE)
        facts = self.facts(job)
        return f"{facts['JobState']} {facts['ExitCode']}"

    def end_soon(self, job: str) -> None:
        """Set the walltime of a job to what it has run, and some three minutes."""
        minutes = seconds_of(self.facts(job)["RunTime"]) // 60 + 3
        self.typed("scontrol", "update", f"JobId={job}", f"TimeLimit={minutes}")


def why_no_slurm() -> str | None:
    """Why no Slurm can be started here, if so."""
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        return f"there is no {', '.join(missing)} on this machine"
    probe = ["unshare", *NAMESPACES, "--fork", "--mount-proc", "ip", "link", "add", "probe", "type", "veth"]
    done = subprocess.run(probe, capture_output=True, text=True)
    return f"no namespaces or virtual networks here: {done.stderr.strip()}" if done.returncode else None


@contextmanager
def slurm_of_two(folder: Path) -> Iterator[Slurm]:
    """Two nodes, each with a core."""
    _write_configuration(folder)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
        "SLURM_CONF": str(folder / "slurm.conf"),
        "RAY_TMPDIR": "/run/ray",  # each node has its own
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with ExitStack() as stack:
        nodes = {name: stack.enter_context(_node(folder, name, environment)) for name in NODES}
        _connect(list(nodes.values()))
        slurm = Slurm(nodes, environment)
        wait_until(lambda: slurm.typed("sinfo", "-h", "-o", "%D %t", check=False).stdout == "2 idle\n", PATIENCE)
        yield slurm


def _write_configuration(folder: Path) -> None:
    (folder / "slurm.conf").write_text(CONFIGURATION.format(folder=folder))
    (folder / "state").mkdir()
    (folder / "hosts").write_text(
        "127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in NODES.items())
    )
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)


@contextmanager
def _node(folder: Path, name: str, environment: dict[str, str]) -> Iterator[int]:
    """A node; yields its first process, with which everything in it ends."""
    command = ["unshare", *NAMESPACES, "--fork", "--mount-proc", "--kill-child", "bash", "tests/helpers/slurm_node.sh"]
    process = subprocess.Popen([*command, str(folder), name], cwd=ROOT, env=environment)
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        wait_until(lambda: children.read_text().split())
        first = int(children.read_text().split()[0])
        wait_until(lambda: (folder / f"slurmd-{name}.log").exists())  # it is in its namespaces
        yield first
    finally:
        process.kill()
        process.wait()


def _connect(nodes: Sequence[int]) -> None:
    """Join the networks of two nodes by a virtual cable."""
    first, second = map(str, nodes)
    _inside(first, "ip", "link", "add", "cable1", "type", "veth", "peer", "name", "cable2", "netns", second)
    for node, cable, address in zip(nodes, ("cable1", "cable2"), NODES.values(), strict=True):
        _inside(str(node), "ip", "address", "add", f"{address}/24", "dev", cable)
        _inside(str(node), "ip", "link", "set", cable, "up")


def _inside(node: str, *words: str) -> None:
    subprocess.run(["nsenter", "--target", node, "--net", *words], check=True)
