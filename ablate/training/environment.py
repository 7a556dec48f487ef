"""Where a run's numbers come from: versions, device and commit, as the worker that trained it sees them."""

from __future__ import annotations

import platform
import subprocess
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

PACKAGES = ("ablate", "torch", "timm", "numpy", "torchmetrics")


def environment(device: str) -> dict[str, Any]:
    """Versions of what computes the numbers, the device by its name, and the commit of this code."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "commit": _commit(),
    }


def device_name(device: str) -> str:
    """What a device calls itself: the GPU's name, or the processor's."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else _processor()


@lru_cache(maxsize=1)
def _processor() -> str:
    """The processor's name where Linux tells it, else its architecture."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


@lru_cache(maxsize=1)
def _commit() -> str:
    """The commit of the checkout that this code runs from, `+` if files were changed; `unknown` for a wheel."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(Path(__file__).parent), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", __file__)  # not a wheel inside somebody else's repository
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "--", "..") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
