"""The content of the pictures that a study is about, read once, when the study is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ablate.errors import AblateError, StudyError
from ablate.images.folders import content_of
from ablate.settings import Settings


@dataclass(frozen=True)
class Contents:
    """The hash of the content of each folder that was looked at, by the folder and the names that are left out of it.

    A study keeps it: if it is resolved again, with the settings that tuning chose or with more seeds, its runs are of
    the same pictures, even if the folder has changed.
    """

    known: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    def fill(self, settings: Settings) -> Settings:
        """The settings with `data.content`, if they are of pictures and lack it; otherwise unchanged.

        Raises:
            StudyError: see `content_of`; its path is `data.path`.
        """
        data = settings.data
        if data.source != "images" or data.content:
            return settings
        key = data.path, data.omit
        if key not in self.known:
            try:
                self.known[key] = content_of(Path(data.path), data.omit)
            except AblateError as error:
                raise StudyError(("data.path",), str(error)) from None
        return settings.model_copy(update={"data": data.model_copy(update={"content": self.known[key]})})
