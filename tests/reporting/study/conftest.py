"""What tests of a study's report share: the report of the tiny study, and a made-up grid."""

from pathlib import Path

import pytest

from ablate.records.record import Record
from ablate.reporting.study.data import Data, export
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.page import write_report
from ablate.studies.planning import Design
from tests.helpers import fabricated


@pytest.fixture(scope="module")
def data() -> Data:
    return fabricated.fabricate(fabricated.GRID, fabricated.grid_score)


@pytest.fixture(scope="module")
def page(data: Data) -> Page:
    return build(fabricated.GRID, data)


@pytest.fixture(scope="module")
def report(swept: tuple[Path, Design], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Design]:
    """The report's folder; not to be changed."""
    folder, study = swept
    target = tmp_path_factory.mktemp("reports") / study.name
    export(study, Record(folder / ".ablate"), target)
    write_report(study, target)
    return target, study
