"""A search: its space, how trials are drawn and pruned, and the score by which the best one is chosen."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, PrivateAttr, model_validator

from ablate.data_settings import Frozen
from ablate.errors import StudyError
from ablate.metrics import METRICS, Metric
from ablate.overrides import check_setting, resolve
from ablate.settings import IN_CONTENT, RECIPE
from ablate.studies.contents import Contents
from ablate.studies.evaluation_sets import check_sets
from ablate.studies.seeds import Seed
from ablate.studies.space import MAX_TRIALS, Pruner, Sampler, SearchMetric, Space, check_space
from ablate.studies.study import Duration, Name, Overrides, OwnParts, Text, seconds
from ablate.variants.choices import Variants
from ablate.variants.files import digest


class Search(Frozen):
    """A search as its YAML file states it.

    Raises:
        StudyError: a setting is unknown, or trials of the space cannot be drawn and compared.
    """

    name: Name = Field(description="the file's name without its ending; names the report and the MLflow experiment")
    question: Text = Field(description="the question that the search answers, in one sentence")
    variants: OwnParts = Variants()
    base: Overrides = Field({}, description="overrides of the defaults, shared by all trials")
    space: Space = Field(
        description="what trials can draw for each setting: values from a list, or from a range as {low: 1, high: 9}"
    )
    trials: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = Field(
        description="number of trials; with a higher number the same search continues"
    )
    sampler: Sampler = Field("tpe", description="how trials are drawn, by Optuna's TPE or at random")
    pruner: Pruner = Field("none", description="the pruner of Optuna that stops bad trials early, if any")
    parallel: Annotated[int, Field(ge=1, le=1000)] = Field(
        4,
        description="number of trials that run at a time; each is drawn without the results of the last `parallel` - 1",
    )
    seed: Seed = Field(0, description="seed of the draws and of the training of all trials")
    metric: SearchMetric = Field(
        "val/psnr", description="the score that decides; the score of a trial is that of its best epoch"
    )
    timeout: Duration | None = Field(
        None, description="the time after which a run is stopped, e.g. 90s, 30m or 2h; no limit by default"
    )

    _file: Path | None = PrivateAttr(None)

    @property
    def file(self) -> Path | None:
        """The file that it was read from; None for a search that was built in Python."""
        return self._file

    def read_from(self, file: Path) -> Search:
        """The same search, read from this file, with the content of its pictures, if it has any."""
        try:
            content = Contents().fill(resolve(self.base, self.variants)).data.content
        except StudyError as error:
            raise StudyError(("base", *error.path), error.message) from None
        copy = self.model_copy(update={"base": self.base | {"data.content": content}} if content else {})
        copy._file = file.absolute()
        return copy

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
        """Hash of everything that decides which trials are drawn and how they are trained, but not of their number."""
        facts = self.model_dump(mode="json", exclude={"name", "question", "trials", "timeout", "variants"})
        if self.variants:
            facts["variants"] = digest(self.variants.files)
        if "data.content" in self.base:  # the content of pictures counts, not where they are
            facts["base"] = {name: value for name, value in self.base.items() if name not in IN_CONTENT}
        return hashlib.sha256(json.dumps([RECIPE, facts], sort_keys=True).encode()).hexdigest()[:8]

    @model_validator(mode="after")
    def _check_settings(self) -> Search:
        for name in self.base:
            check_setting(name, ("base", name), self.variants)
            if name in self.space:
                raise StudyError(("base", name), f"{name} is set in both `base` and `space`; keep one", of_key=True)
        try:
            check_sets(resolve(self.base, self.variants))
        except StudyError as error:
            raise StudyError(("base", *error.path), error.message) from None
        check_space(self.space, self.base, ("space",), self.variants)
        return self
