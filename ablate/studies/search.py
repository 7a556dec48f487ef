"""What is searched: a space, how trials are drawn and given up, and by which score the best one is chosen."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Annotated

from pydantic import Field, model_validator

from ablate.errors import StudyError
from ablate.metrics import METRICS, Metric
from ablate.settings import RECIPE, Frozen, check_setting, check_target, resolve
from ablate.studies.seeds import Seed
from ablate.studies.space import MOST_TRIALS, Followed, Pruner, Sampler, Space, check_space
from ablate.studies.study import Duration, Name, Overrides, Text, seconds


class Search(Frozen):
    """A search as its YAML states it.

    Raises:
        StudyError: a setting is not known, or no trial of the space can be drawn and compared.
    """

    name: Name = Field(description="the file's name without its ending; names the report and the MLflow experiment")
    question: Text = Field(description="what the search asks, in a sentence")
    base: Overrides = Field({}, description="overrides of the defaults, shared by all trials")
    space: Space = Field(description="for each setting what trials may draw: a list of values, or {low: 1, high: 9}")
    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] = Field(
        description="how many settings are tried; raised later, the search goes on"
    )
    sampler: Sampler = Field("tpe", description="how trials are drawn: by Optuna's TPE, or at random")
    pruner: Pruner = Field("none", description="which trials are given up early, by Optuna's pruner of this name")
    parallel: Annotated[int, Field(ge=1, le=1000)] = Field(
        4, description="trials open at a time: each is drawn without knowing the ends of so many less one before it"
    )
    seed: Seed = Field(0, description="of every trial's training, and of the draws")
    metric: Followed = Field("val/psnr", description="the score that decides; a trial's is that of its best epoch")
    timeout: Duration | None = Field(
        None, description="the time after which a run is stopped, e.g. 90s, 30m or 2h; none by default"
    )

    @property
    def judged(self) -> Metric:
        """The metric that decides."""
        return METRICS[self.metric]

    @property
    def timeout_seconds(self) -> float | None:
        """`timeout` in seconds."""
        return seconds(self.timeout) if self.timeout else None

    @cached_property
    def id(self) -> str:
        """Hash of all that decides which trials are drawn and what becomes of them, but not of how many there are."""
        facts = self.model_dump(mode="json", exclude={"name", "question", "trials", "timeout"})
        return hashlib.sha256(json.dumps([RECIPE, facts], sort_keys=True).encode()).hexdigest()[:8]

    @model_validator(mode="after")
    def _can_be_searched(self) -> Search:
        for name in self.base:
            check_setting(name, ("base", name))
            if name in self.space:
                raise StudyError(("base", name), f"{name} stands in `space`, too; allowed: one of them", of_key=True)
        try:
            check_target(resolve(self.base).data)
        except StudyError as error:
            raise StudyError(("base", *error.path), error.message) from None
        check_space(self.space, self.base, ("space",))
        return self
