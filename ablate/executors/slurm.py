"""Slurm: the script of a job that starts a Ray cluster on its nodes, sweeps, and queues itself again in time."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from ablate.errors import AblateError, quote

MARGIN = 120
"""Seconds before the walltime at which a job ends its sweep. Slurm can be a minute early."""

MIN_SECONDS = 300
"""The shortest walltime: time to start Ray, to train, and to end."""

TIME = re.compile(r"(?:(?P<days>\d{1,3})-)?(?P<hours>\d{1,4}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)", re.ASCII)

RULES = {
    "partition": (r"[\w.,+-]+", "names of partitions, separated by commas"),
    "account": (r"[\w.+-]+", "the name of an account"),
    "gpus-per-node": (r"(?:[\w.-]+:)?[1-9]\d{0,2}", "a number, or a type and a number as in a100:4"),
    "cpus-per-task": (r"[1-9]\d{0,3}", "a whole number, at least 1"),
}
"""The options of sbatch that a user can set: what their values must match, and how an error describes that."""


@dataclass(frozen=True)
class SlurmJob:
    """A job that sweeps.

    Attributes:
        command: `ablate sweep ...`, as it is typed in `folder`.
        study: its name.
        folder: of the project, which all nodes must see.
        nodes: how many.
        time: the walltime, as H:MM:SS or D-HH:MM:SS.
        options: more options of sbatch, of those in `RULES`.

    Raises:
        AblateError: a value is not allowed.
    """

    command: tuple[str, ...]
    study: str
    folder: Path
    nodes: int
    time: str
    options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.nodes < 1:
            raise AblateError(f"--nodes {self.nodes}: too few; allowed: 1 or more")
        if seconds_of(self.time) < MIN_SECONDS:
            raise AblateError(f"--time {self.time}: too short; allowed: at least 0:{MIN_SECONDS // 60:02}:00")
        for option, value in self.options.items():
            pattern, allowed = RULES[option]
            if not re.fullmatch(pattern, value, re.ASCII):
                raise AblateError(f"--{option} {quote(value)}: not valid; allowed: {allowed}")

    def script(self) -> str:
        """The script for sbatch, in bash."""
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("ablate.executors", "."),
            undefined=StrictUndefined,
            trim_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters["quote"] = lambda value: shlex.quote(str(value))
        return environment.get_template("slurm.sh.j2").render(
            command=shlex.join(self.command),
            study=self.study,
            folder=self.folder,
            nodes=self.nodes,
            time=self.time,
            options=self.options,
            margin=MARGIN,
            programs=sysconfig.get_path("scripts"),
        )

    def submit(self) -> str:
        """Submit the script with `sbatch`, in the job's folder; returns its output, which includes the job's number.

        Raises:
            AblateError: this machine has no `sbatch` command, or `sbatch` rejects the job.
        """
        if shutil.which("sbatch") is None:
            raise AblateError(
                "--submit: this machine has no sbatch; type the command where jobs are submitted, or leave out "
                "--submit to print the script"
            )
        done = subprocess.run(["sbatch"], input=self.script(), cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise AblateError("; ".join(done.stderr.split("\n")).strip("; ") or "sbatch failed without saying why")
        return done.stdout.strip()


def seconds_of(time: str) -> int:
    """The seconds of a walltime.

    Raises:
        AblateError: it is not written as H:MM:SS or D-HH:MM:SS.

    Examples:
        >>> seconds_of("1-02:00:30")
        93630
    """
    if (found := TIME.fullmatch(time)) is None:
        raise AblateError(f"--time {quote(time)}: not a time; allowed: H:MM:SS or D-HH:MM:SS, e.g. 4:00:00")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def check_ray_is_installed() -> None:
    """Raise an AblateError if it is not: the nodes use the Python environment of this command."""
    if find_spec("ray") is None:
        raise AblateError("the nodes need Ray, which is not installed here: pip install 'ablate[ray]'")
