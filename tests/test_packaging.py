"""What installs this project: its metadata, and the environment that the golden numbers come from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
GOLDEN = (ROOT / "requirements" / "golden.txt").read_text()

PINNED = re.compile(r"([\w.-]+)==(\S+)((?: --hash=sha256:[0-9a-f]{64})+)")


def pinned() -> dict[str, str]:
    """The version of each package, each of whose lines must be a version and its hashes."""
    lines = [line for line in GOLDEN.replace("\\\n", "").splitlines() if not line.lstrip().startswith("#")]
    parts = [PINNED.fullmatch(" ".join(line.split())) for line in lines]
    assert all(parts), [line for line, part in zip(lines, parts, strict=True) if not part]
    return {canonicalize_name(part[1]): part[2] for part in parts if part}


def test_the_golden_requirements_are_versions_with_hashes_and_no_address() -> None:
    assert len(pinned()) > 100
    assert "://" not in GOLDEN
    assert not re.search(r"^\s*-", GOLDEN.replace("    --hash", ""), flags=re.MULTILINE)


@pytest.mark.parametrize(
    "line", [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
)
def test_the_golden_requirements_are_allowed_by_the_project(line: str) -> None:
    requirement = Requirement(line)
    assert requirement.specifier.contains(pinned()[canonicalize_name(requirement.name)])


def test_the_citation_has_the_projects_version_and_license() -> None:
    citation = YAML(typ="safe").load(ROOT / "CITATION.cff")
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
