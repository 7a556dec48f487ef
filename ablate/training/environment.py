"""The environment of a run: versions, device and commit, as seen by the worker that trains it."""

from __future__ import annotations

import platform
import subprocess
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

PACKAGES = ("ablate", "torch", "timm", "numpy", "pytorch-msssim")


def environment(device: str) -> dict[str, Any]:
    """The versions of the packages that compute the numbers, the name of the device, and the commit of this code."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "commit": _commit(),
    }


def device_name(device: str) -> str:
    """The name of a device's hardware: of the GPU, or of the processor."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else _processor()


@lru_cache(maxsize=1)
def _processor() -> str:
    """The name of the processor as Linux gives it, or else its architecture."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


@lru_cache(maxsize=1)
def _commit() -> str:
    """The commit of the checkout that this code runs from, with `+` if files are changed; `unknown` for a wheel."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(Path(__file__).parent), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        # fails for a wheel that is installed inside some other repository, whose commit says nothing about this code
        git("ls-files", "--error-unmatch", __file__)
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "--", "..") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
