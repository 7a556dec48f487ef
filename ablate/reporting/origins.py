"""Where the numbers come from: what the runs recorded of their making, and where MLflow shows them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import pandas as pd

from ablate.reporting.markup.numbers import listed
from ablate.tracking.tags import ARM_TAG

TAG = f'"{ARM_TAG}"'
"""In double quotes, since its name has a dot."""


def provenance(ended: pd.DataFrame) -> dict[str, str]:
    """What trained the runs, as they recorded it; several values where runs differ."""
    return {column.removeprefix("env/"): ", ".join(_values(ended, column)) for column in _columns(ended)}


def mixed(ended: pd.DataFrame, against: Mapping[str, str]) -> list[str]:
    """A sentence for each fact (version, device, commit) in which the runs of one comparison differ.

    Commits may differ, unless files were changed (`+`): a change of the numbers raises the recipe number, which is part
    of a run's id.
    """
    warnings: dict[tuple[str, str], list[str]] = {}
    for arm in dict.fromkeys(ended.arm):
        pair = ended[ended.arm.isin([arm, against.get(arm, arm)])]
        for column in _columns(ended):
            values = _values(pair, column)
            if len(values) > 1 and (column != "env/commit" or any(value.endswith("+") for value in values)):
                warnings.setdefault((column.removeprefix("env/"), listed(values)), []).append(arm)
    return [
        f"The runs of one comparison were not all made alike: {name} {values} ({listed(names)})."
        for (name, values), names in warnings.items()
    ]


def _columns(ended: pd.DataFrame) -> list[str]:
    return [column for column in ended.columns if column.startswith("env/")]


def _values(runs: pd.DataFrame, column: str) -> list[str]:
    return sorted(runs[column].dropna().astype(str).unique())


def experiment_address(study: str) -> str:
    """MLflow's page that lists the experiment of a study, by its name: its number changes when a store is rebuilt."""
    return f"http://127.0.0.1:5000/#/experiments?experimentSearchFilter={quote(study, safe='')}"


def arm_search(arm: str) -> str:
    """What finds an arm's runs, in the search box of its experiment, whatever MLflow has numbered them."""
    quoted = f'"{arm}"' if "'" in arm else f"'{arm}'"
    if "'" in arm and '"' in arm:  # no quoting holds both; in a pattern `_` stands for any letter
        return f"tags.{TAG} LIKE '{arm.replace(chr(39), '_')}'"
    return f"tags.{TAG} = {quoted}"
