"""The number of cores is what the process may use, not what the machine has."""

import os
from pathlib import Path

import pytest

from ablate import cores
from ablate.cores import count_cores
from ablate.executors.devices import slot_devices

QUOTAS = {
    "version 2, own group": ("0::/job", {"job/cpu.max": "100000 100000"}, 1),
    "version 2, a group above": ("0::/job/step", {"job/cpu.max": "250000 100000", "job/step/cpu.max": "max 100000"}, 3),
    "version 2, no limit": ("0::/", {"cpu.max": "max 100000"}, 8),
    "version 2, in a container": ("0::/", {"cpu.max": "200000 100000"}, 2),
    "less than a core": ("0::/", {"cpu.max": "20000 100000"}, 1),
    "more than all cores": ("0::/", {"cpu.max": "6400000 100000"}, 8),
    "version 1": (
        "4:cpu,cpuacct:/job",
        {"cpu/job/cpu.cfs_quota_us": "300000", "cpu/job/cpu.cfs_period_us": "100000"},
        3,
    ),
    "version 1, no limit": ("4:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
    "version 1, in a container": (
        "5:memory:/docker/1\n4:cpu:/docker/1\n0::/docker/1",
        {"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "25000"},
        2,
    ),
    "not Linux": (None, {}, 8),
}


@pytest.mark.parametrize(("own", "files", "expected"), QUOTAS.values(), ids=QUOTAS)
def test_there_are_as_many_slots_as_the_quota_allows(
    own: str | None, files: dict[str, str], expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.setattr(cores, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(cores, "OWN_CGROUPS", tmp_path / "own")
    if own is not None:
        (tmp_path / "own").write_text(own + "\n")
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    assert count_cores() == expected
    assert slot_devices("cpu", None) == ["cpu"] * expected
