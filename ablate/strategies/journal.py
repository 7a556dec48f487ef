"""The finished trials of searches: an Optuna journal for each search, which `optuna-dashboard` can open.

.ablate/search/<search>.log    appended to, one study for each version of the search's file

A search continues from it. A damaged journal is set aside, and the same trials are found again from the record.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial

from ablate.records.files import make_folder, set_aside
from ablate.strategies.trials import direction
from ablate.studies.search import Search


class Journal:
    """The finished trials of one search, for the one process that writes the record. `warn` is called if it is damaged.

    `title` distinguishes searches that share a file, such as those of a study's arms.
    """

    def __init__(self, root: Path, search: Search, warn: Callable[[str], None], title: str = "") -> None:
        self.path = journal_path(root, search.name)
        self.title = _title(search, title)
        self.search = search
        make_folder(self.path.parent)
        try:
            self.study = self._open()
        except OSError:  # a full disk does not mean that the file is damaged
            raise
        except Exception as error:  # whatever garbage is in it
            warn(f"{self.path}: is damaged ({type(error).__name__}); now {set_aside(self.path).name}.")
            self.study = self._open()

    def _open(self) -> optuna.Study:
        # Optuna's own locks outlive a kill; the operating system's do not
        lock: Any = FileLock(self.path.with_suffix(".lock"))
        _cut_incomplete_line(self.path)
        self.storage = JournalStorage(JournalFileBackend(str(self.path), lock_obj=lock))
        return optuna.create_study(
            storage=self.storage, study_name=self.title, direction=direction(self.search), load_if_exists=True
        )

    def finished(self) -> list[FrozenTrial]:
        """Its trials, in the order of their numbers."""
        return self.study.get_trials()

    def keep(self, count: int) -> None:
        """Forget all trials but the first ones: the others are drawn again, with the runs that are recorded."""
        kept = self.finished()[:count]
        optuna.delete_study(study_name=self.title, storage=self.storage)
        self.study = self._open()
        for trial in kept:
            self.tell(trial)

    def tell(self, trial: FrozenTrial) -> None:
        """Add the next one."""
        self.study.add_trial(trial)


def count_finished(root: Path, search: Search, title: str = "") -> int:
    """How many trials of a search have finished, of those that it asks for; nothing is written.

    A damaged journal has none: the search sets it aside, and finds its trials again from the record.
    """
    path = journal_path(root, search.name)
    if not path.exists():
        return 0
    try:
        storage = JournalStorage(JournalFileBackend(str(path)))
        study = optuna.load_study(study_name=_title(search, title), storage=storage)
        return min(len(study.trials), search.trials)
    except Exception:  # whatever garbage is in it
        return 0


def _title(search: Search, title: str) -> str:
    return f"{title or search.name} ({search.id})"


def journal_path(root: Path, name: str) -> Path:
    """Where the journal of a search lies below the record's root."""
    return root / "search" / f"{name}.log"


def _cut_incomplete_line(path: Path) -> None:
    """Cut off what a power cut left of the last line: Optuna would add the next one to it.

    Raises:
        ValueError: a whole line is none of a journal's; Optuna would read over it only until the next is added.
    """
    content = path.read_bytes() if path.exists() else b""
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)
    for line in content[:whole].splitlines():
        json.loads(line)
