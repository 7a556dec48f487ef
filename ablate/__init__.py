"""Ablation studies of a ViT denoiser: which parts matter, and how sure we can be of it.

    study = ablate.load_study("experiments/heads.yaml")
    study.arms, study.runs                             # what is compared, and what is trained
    model = ablate.build_denoiser(ablate.ModelConfig(heads=8))
    noisy, clean = ablate.make_scenes(6, seed=0)       # two (6, 1, 64, 64) tensors
    frame = ablate.load_results(study)                 # one row per run
    result = ablate.sweep(study, workers=2)            # like `ablate sweep`: train, track, report
    result.verdicts                                    # one row per compared arm
    ablate.verify(study, runs=2).is_confirmed          # train recorded runs again, and compare
    ablate.judge(frame, margin=0.5).verdicts           # the same for scores of any other program

Each name is imported when it is first used, which keeps `import ablate` fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ablate.data.sources import make_scenes as make_scenes
    from ablate.denoiser import Denoiser as Denoiser
    from ablate.denoiser import build_denoiser as build_denoiser
    from ablate.errors import AblateError as AblateError
    from ablate.pipeline.judge import judge as judge
    from ablate.pipeline.search import search as search
    from ablate.pipeline.study import report as report
    from ablate.pipeline.study import sweep as sweep
    from ablate.pipeline.verification import verify as verify
    from ablate.records.tables import load_epochs as load_epochs
    from ablate.records.tables import load_results as load_results
    from ablate.settings import DataConfig as DataConfig
    from ablate.settings import ModelConfig as ModelConfig
    from ablate.settings import Run as Run
    from ablate.settings import TrainingConfig as TrainingConfig
    from ablate.statistics.verdicts import compare as compare
    from ablate.strategies.choices import tuned as tuned
    from ablate.studies.designs import Arm as Arm
    from ablate.studies.loading import load_study as load_study
    from ablate.studies.planning import Design as Design
    from ablate.studies.study import Study as Study
    from ablate.training.loop import train as train
    from ablate.variants.execution import variant as variant

NAMES = {
    "ablate.denoiser": ("Denoiser", "build_denoiser"),
    "ablate.errors": ("AblateError",),
    "ablate.studies.loading": ("load_study",),
    "ablate.studies.designs": ("Arm",),
    "ablate.studies.planning": ("Design",),
    "ablate.pipeline.judge": ("judge",),
    "ablate.pipeline.search": ("search",),
    "ablate.pipeline.study": ("report", "sweep"),
    "ablate.pipeline.verification": ("verify",),
    "ablate.records.tables": ("load_epochs", "load_results"),
    "ablate.data.sources": ("make_scenes",),
    "ablate.settings": ("DataConfig", "ModelConfig", "Run", "TrainingConfig"),
    "ablate.studies.study": ("Study",),
    "ablate.training.loop": ("train",),
    "ablate.variants.execution": ("variant",),
    "ablate.strategies.choices": ("tuned",),
    "ablate.statistics.verdicts": ("compare",),
}
"""The public names, by the module that defines them."""

MODULES = {name: module for module, names in NAMES.items() for name in names}

__all__ = sorted(MODULES)


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module 'ablate' has no attribute '{name}'")
    value = getattr(import_module(MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(MODULES)
