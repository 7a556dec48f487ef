"""Where the numbers come from: the software and devices that trained the runs, and where MLflow shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

import pandas as pd

from ablate.reporting.markup.words import join_names, join_words, quote_name
from ablate.tracking.tags import ARM_TAG
from ablate.training.origin import split_stretches

TAG = f'"{ARM_TAG}"'
"""The tag as MLflow's searches need it: in double quotes, since its name has a dot."""


def provenance(ended: pd.DataFrame) -> dict[str, str]:
    """The software and devices that trained the runs, as they recorded them; several values where runs differ."""
    return {column.removeprefix("env/"): ", ".join(_values(ended, column)) for column in _columns(ended)}


def environment_warnings(ended: pd.DataFrame, against: Mapping[str, str]) -> list[str]:
    """A sentence for each fact (version, device, commit) in which the runs of a comparison differ, or epochs of a run.

    Different commits are fine unless they had uncommitted changes (`+`): a commit that changes numbers raises the
    recipe number, which is part of a run's id.
    """
    warnings: dict[tuple[str, str], list[str]] = {}
    by_column = {column: _values_by_arm(ended, column) for column in _compared_columns(ended)}
    for arm in dict.fromkeys(ended.arm):
        for column, by_arm in by_column.items():
            values = sorted(by_arm.get(arm, set()) | by_arm.get(against.get(arm, arm), set()))
            if len(values) > 1 and (column != "env/commit" or any(value.endswith("+") for value in values)):
                warnings.setdefault((column.removeprefix("env/"), join_words(values)), []).append(arm)
    return [
        f"Runs that are compared with each other were trained differently: {name} {values} ({join_names(names)})."
        for (name, values), names in warnings.items()
    ] + list(_resumed_warnings(ended))


def _columns(ended: pd.DataFrame) -> list[str]:
    return [column for column in ended.columns if column.startswith("env/")]


def _compared_columns(ended: pd.DataFrame) -> list[str]:
    """Those that can change a number: the name of the machine, in a cluster, cannot."""
    return [column for column in _columns(ended) if column != "env/node"]


def _values(runs: pd.DataFrame, column: str) -> list[str]:
    return sorted(runs[column].dropna().astype(str).unique())


def _values_by_arm(runs: pd.DataFrame, column: str) -> dict[str, set[str]]:
    known = runs[column].dropna().astype(str)
    found: dict[str, set[str]] = {}
    for arm, text in zip(runs.arm[known.index], known, strict=True):
        found.setdefault(str(arm), set()).update(split_stretches(text))
    return found


def _resumed_warnings(ended: pd.DataFrame) -> Iterator[str]:
    """A sentence for each run that was interrupted, and resumed by another version or on another device."""
    columns = _compared_columns(ended)
    for run in ended[["arm", "seed", *columns]].to_dict("records"):
        cells = {column.removeprefix("env/"): str(run[column]) for column in columns}
        if mixed := [f"{name} {cell}" for name, cell in cells.items() if len(split_stretches(cell)) > 1]:
            name = f"{quote_name(run['arm'])} seed {run['seed']}"
            yield f"The epochs of {name} were not all trained alike, since it was resumed: {join_words(mixed)}."


def experiment_address(study: str) -> str:
    """MLflow's list of experiments, searched by a study's name: a number would change when the store is rebuilt."""
    return f"http://127.0.0.1:5000/#/experiments?experimentSearchFilter={quote(study, safe='')}"


def arm_search(arm: str) -> str:
    """The search that finds an arm's runs in the search box of its experiment, whatever their numbers are."""
    quoted = f'"{arm}"' if "'" in arm else f"'{arm}'"
    if "'" in arm and '"' in arm:  # no kind of quotes can hold both; in a pattern `_` matches any letter
        return f"tags.{TAG} LIKE '{arm.replace(chr(39), '_')}'"
    return f"tags.{TAG} = {quoted}"
