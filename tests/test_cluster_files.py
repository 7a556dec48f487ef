"""The files of docs/clusters: their pods are valid, and they type the same command of ablate."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import Any

import kubernetes_validate
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from ablate.cli import app
from tests.helpers.committed import ROOT

FOLDER = ROOT / "docs" / "clusters"
COMMAND = "ablate sweep experiments/heads.yaml --executor ray --address "


def documents(name: str) -> list[dict[str, Any]]:
    return list(YAML(typ="safe", pure=True).load_all(FOLDER / name))


JOB, VOLUME = documents("rayjob.yaml")
(TASK,) = documents("skypilot.yaml")
CLUSTER = JOB["spec"]["rayClusterSpec"]
GROUPS = [CLUSTER["headGroupSpec"], *CLUSTER["workerGroupSpecs"]]


@pytest.mark.parametrize("template", [group["template"] for group in GROUPS], ids=["head", "workers"])
def test_the_pods_of_the_rayjob_are_valid(template: dict[str, Any]) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, **template}
    kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
    misspelt = {**pod, "spec": {**pod["spec"], "container": []}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(misspelt, kubernetes_validate.latest_version(), strict=True)


def test_the_volume_of_the_rayjob_is_valid_and_is_where_the_job_works() -> None:
    kubernetes_validate.validate(VOLUME, kubernetes_validate.latest_version(), strict=True)
    pod = GROUPS[0]["template"]["spec"]
    (volume,), (mount,) = pod["volumes"], pod["containers"][0]["volumeMounts"]
    assert volume["persistentVolumeClaim"]["claimName"] == VOLUME["metadata"]["name"]
    assert volume["name"] == mount["name"]
    assert JOB["spec"]["entrypoint"].startswith(f"env --chdir={mount['mountPath']} {COMMAND}")


def test_both_run_the_same_command_which_can_be_typed() -> None:
    (line,) = (line.strip() for line in TASK["run"].splitlines() if "ablate" in line)
    assert line.startswith(COMMAND)
    assert JOB["spec"]["entrypoint"].partition(" ablate ")[2] == f"{COMMAND}auto".removeprefix("ablate ")
    assert CliRunner().invoke(app, [*shlex.split(COMMAND)[1:], "auto", "--help"]).exit_code == 0
    assert (ROOT / shlex.split(COMMAND)[2]).exists()


def test_the_image_has_the_version_of_ray_that_the_job_names() -> None:
    (base,) = re.findall(r"^FROM rayproject/ray:([\d.]+)-py311$", (FOLDER / "Dockerfile").read_text(), re.M)
    assert base == CLUSTER["rayVersion"]
    assert f'"ray>={base.rpartition(".")[0]}"' in (ROOT / "pyproject.toml").read_text()


def test_the_image_is_built_from_files_that_exist() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    sources = [name for line in re.findall(r"^COPY --chown=ray (.*) \S+$", text, re.M) for name in line.split()]
    assert {"pyproject.toml", "ablate"} <= set(sources)
    assert [name for name in sources if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("part", ["setup", "run"])
def test_bash_finds_no_mistake_in_the_skypilot_task(part: str) -> None:
    subprocess.run(["bash", "-n"], input=TASK[part], text=True, check=True)


def test_skypilot_loads_the_task() -> None:
    sky = pytest.importorskip("sky", reason="SkyPilot is not installed")
    task = sky.Task.from_yaml(str(FOLDER / "skypilot.yaml"))
    assert (task.num_nodes, task.workdir) == (TASK["num_nodes"], ".")
