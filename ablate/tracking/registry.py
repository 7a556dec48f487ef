"""MLflow's model registry: a trained network as a model that `mlflow models serve` can serve."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ablate.errors import AblateError
from ablate.tracking.connection import connect
from ablate.tracking.errors import describe_error
from ablate.tracking.experiment import find_experiment
from ablate.tracking.tags import RUN_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from torch import Tensor, nn

FOLDER = "model"
"""Where the model is among the files of its run."""


@dataclass(frozen=True)
class Registered:
    """A version of a registered model; `is_new` unless the run had been registered before."""

    name: str
    version: str
    is_new: bool

    @property
    def address(self) -> str:
        """What MLflow's commands call it."""
        return f"models:/{self.name}/{self.version}"


def register(model: nn.Module, tiles: Tensor, study: str, run_id: str, root: Path) -> Registered:
    """Add a network to the files of its MLflow run, and register it as a model with the name of its experiment.

    It is saved by torch.export, in MLflow's format without pickles, with a signature and an example of its input. A run
    that was registered before is not registered again.

    Args:
        model: the network, in evaluation mode, on the CPU.
        tiles: an example of its input, (B, C, H, W), with at least two tiles.
        study: the study whose experiment has the run.
        run_id: the id of the run in the record.
        root: the folder of the record.

    Raises:
        AblateError: MLflow does not have the run yet, or refuses the model.
    """
    try:
        client = connect()
        run, name = _find_run(client, study, run_id, root)
        if (found := _registered_version(client, name, run.info.run_id)) is not None:
            return Registered(name, found, is_new=False)
        with TemporaryDirectory() as folder:
            _save(model, tiles, Path(folder) / FOLDER)
            client.log_artifacts(run.info.run_id, str(Path(folder) / FOLDER), FOLDER)
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        source = f"{run.info.artifact_uri}/{FOLDER}"
        tags = {RUN_TAG: run_id}
        made = client.create_model_version(name, source, run.info.run_id, tags, description=run.info.run_name)
    except AblateError:
        raise
    except Exception as error:  # MLflow's own, and those of its libraries
        raise AblateError(f"the model could not be registered in MLflow: {describe_error(error)}") from None
    return Registered(name, str(made.version), is_new=True)


def _find_run(client: MlflowClient, study: str, run_id: str, root: Path) -> tuple[Run, str]:
    """The run in MLflow, and the name of its experiment."""
    experiment = find_experiment(client, study, root)
    found = client.search_runs([experiment.experiment_id], f"tags.`{RUN_TAG}` = '{run_id}'") if experiment else []
    if not found or experiment is None:
        raise AblateError(f"MLflow does not have run {run_id} of {study} yet; `ablate sync` sends it")
    return found[0], str(experiment.name)


def _registered_version(client: MlflowClient, name: str, mlflow_id: str) -> str | None:
    found = client.search_model_versions(f"name = '{name}'")
    return next((str(made.version) for made in found if made.run_id == mlflow_id), None)


def _save(model: nn.Module, tiles: Tensor, folder: Path) -> None:
    import mlflow.pytorch
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    shape = (-1, *tiles.shape[1:])
    tensors: Any = Schema([TensorSpec(np.dtype(np.float32), shape)])
    mlflow.pytorch.save_model(
        model,
        str(folder),
        serialization_format="pt2",
        input_example=tiles.numpy(),
        signature=ModelSignature(inputs=tensors, outputs=tensors),
        pip_requirements=[f"{name}=={version(name)}" for name in ("mlflow", "numpy", "torch")],
    )
