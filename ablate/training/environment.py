"""The environment of a run: versions, device and commit, as seen by the worker that trains it.

The versions and the commit are those of the code that this process has loaded, so they are read when this module is
imported, together with all that trains: whatever is edited or installed later does not train this process's runs.
"""

from __future__ import annotations

import platform
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ablate.training.origin import Code, read_code

PACKAGES = ("torch", "timm", "numpy", "pytorch-msssim")

VERSIONS = {name: version(name) for name in PACKAGES}

CODE = read_code(Path(__file__).parents[1])
"""The code of this package."""


class Origin(NamedTuple):
    """What a worker cannot find out by itself if the code was sent to it.

    Attributes:
        code: as the driver has read it.
        node: the name of the machine of a cluster on which the worker runs.
    """

    code: Code = CODE
    node: str = ""


HERE = Origin()
"""The origin of what this machine trains with its own copy of the package."""


def environment(device: str, origin: Origin = HERE) -> dict[str, Any]:
    """The versions of the packages that compute the numbers, the name of the device, and the commit of the code.

    Code with changes also has `changes`, the digest by which the record keeps the diff.
    """
    code = origin.code
    return {
        "python": platform.python_version(),
        "ablate": code.version,
        **VERSIONS,
        "platform": f"{platform.system()} {platform.machine()}",
        "device": device_name(device),
        **({"node": origin.node} if origin.node else {}),
        "threads": torch.get_num_threads(),
        "commit": code.commit,
        **({"changes": code.source} if code.commit.endswith("+") else {}),
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
