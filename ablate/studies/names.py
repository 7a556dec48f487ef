"""Short names of settings, values and arms, as tables, figures and MLflow show them."""

from __future__ import annotations

import json
from typing import Any

from ablate.settings import DEFAULTS
from ablate.studies.study import Overrides
from ablate.variants.choices import PREFIX


def arm_name(overrides: Overrides) -> str:
    """Name an arm by what it overrides: `heads=4, depth=12`."""
    return ", ".join(f"{short_name(setting)}={value_text(value)}" for setting, value in overrides.items())


def short_name(setting: str) -> str:
    """Shorten a setting's dotted name to its last parts, as few as no other setting of a run ends in.

    All settings count, not only those that a study varies: `density` alone would be ambiguous.

    >>> short_name("model.heads"), short_name("data.filled.density"), short_name("parts.linear.rank")
    ('heads', 'filled.density', 'linear.rank')
    """
    if setting.startswith(PREFIX):  # the names of a study's parts are its own
        return setting.removeprefix(PREFIX)
    endings = _endings(setting)
    others = [_endings(other) for other in DEFAULTS if other != setting]
    return next((ending for ending in endings if not any(ending in other for other in others)), setting)


def _endings(setting: str) -> list[str]:
    """List the endings of a dotted name, shortest first: `density`, `filled.density`, `data.filled.density`."""
    parts = setting.split(".")
    return [".".join(parts[start:]) for start in reversed(range(len(parts)))]


def value_text(value: Any) -> str:
    """Write a value for a name: `true`, `null`, `1x2`."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)  # as YAML writes it
    return "x".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
