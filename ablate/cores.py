"""How many cores this process can use."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CGROUPS, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
"""Where Linux shows the limits of groups of processes, e.g. of a container, and the groups of this process."""


def count_cores() -> int:
    """The number of cores that this process can keep busy: those that it may run on, or fewer if it has a quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min([allowed, *_quotas()])))


def _quotas() -> Iterator[float]:
    """The quota, in cores, of each group that this process is in: its own groups and those that contain them.

    In a container the own group is at the top, whatever the path says: what does not exist there is skipped.
    """
    for line in OWN_CGROUPS.read_text().splitlines() if OWN_CGROUPS.exists() else ():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            top, files = CGROUPS, ["cpu.max"]
        elif "cpu" in controllers.split(","):
            top, files = CGROUPS / "cpu", ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
        else:
            continue
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
            with suppress(OSError, ValueError):  # no such group, or no limit: "max"
                quota, period = map(int, " ".join((folder / name).read_text() for name in files).split())
                if quota > 0:  # -1 where there is none
                    yield quota / period
            if folder == top:
                break
