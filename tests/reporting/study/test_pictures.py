"""What a report says about pictures: from recorded data, without the folder."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

import ablate
from ablate.pipeline.results import StudyResult
from ablate.pipeline.terminal import Terminal
from ablate.reporting.markup.rendering import markdown
from ablate.reporting.study.content import document
from ablate.reporting.study.data import read
from ablate.reporting.study.model import build
from ablate.reporting.study.pictures import picture_facts
from tests.helpers.pictures import write_picture_study, write_pictures


@pytest.fixture(scope="module")
def swept_pictures(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> tuple[Path, StudyResult, list[str]]:
    """A folder with a study of six pictures that has been swept, its result and what was printed."""
    folder = tmp_path_factory.mktemp("pictures")
    shutil.copy(empty_store, folder / "mlflow.db")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(Terminal, "say", lambda self, text: said.append(text))
        write_pictures(folder / "pics")
        result = ablate.sweep(write_picture_study(folder), executor="inprocess")
    return folder, result, said


def test_a_report_is_written_from_recorded_data_without_the_folder(
    swept_pictures: tuple[Path, StudyResult, list[str]], tmp_path: Path
) -> None:
    folder, result, _ = swept_pictures
    design = result.page.study
    shutil.copytree(folder / "reports" / "pictures", tmp_path / "report")
    (folder / "pics").rename(folder / "gone")
    try:
        text = markdown(document(build(design, read(design, tmp_path / "report"))))
    finally:
        (folder / "gone").rename(folder / "pics")
    assert "4 files for training, 1 for validation and 1 for the test" in text
    (tmp_path / "report" / "data" / "files.json").unlink()
    assert "divided by file, and no file has crops in two" in markdown(
        document(build(design, read(design, tmp_path / "report")))
    )


def test_a_report_says_what_readers_of_denoising_papers_ask(
    swept_pictures: tuple[Path, StudyResult, list[str]],
) -> None:
    text = markdown(document(swept_pictures[1].page))
    for fact in (
        "one channel (grey)",
        "Errors are on the range 0 to 1, which stands for all values of the pixels' type (0 to 255 for 8 bits).",
        "Noise: gaussian",
        "noisy values are not clipped.",
        "as the mean over images",
    ):
        assert fact in text


HAZE = """\
import ablate
from pydantic import BaseModel

class Settings(BaseModel):
    level: float = 0.1

@ablate.variant("data.noise", "NAME", settings=Settings)
def haze(images, generators, data, settings):
    return images + settings.level
"""


@pytest.mark.parametrize("name", ["haze", "split"])
def test_a_noise_of_the_users_own_is_described_by_its_own_settings(
    name: str, swept_pictures: tuple[Path, StudyResult, list[str]], tmp_path: Path
) -> None:
    """Also one whose name is that of a setting of the data."""
    page = swept_pictures[1].page
    pictures = str(write_pictures(tmp_path / "pics"))
    study = write_picture_study(tmp_path, data__path=pictures, data__noise=[name], **{f"parts.{name}.level": 0.25})
    study.write_text(f"variants: [mine.py]\n{study.read_text()}")
    (tmp_path / "mine.py").write_text(HAZE.replace("NAME", name))
    design = replace(page.study, arms=ablate.load_study(study).arms)
    assert f"Noise: {name} (level 0.25); noisy" in " ".join(picture_facts(replace(page, design=design)))


def test_the_dataset_in_mlflow_is_the_folder_with_the_hash_of_its_content(
    swept_pictures: tuple[Path, StudyResult, list[str]],
) -> None:
    folder, result, _ = swept_pictures
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    (experiment,) = [one for one in client.search_experiments() if one.name == "pictures"]
    runs = client.search_runs([experiment.experiment_id], "attributes.status = 'FINISHED' and params.seed != ''")
    assert len(runs) == 4
    content = result.page.study.arms[0].settings.data.content
    found = {(put.dataset.name, put.dataset.digest) for run in runs if run.inputs for put in run.inputs.dataset_inputs}
    assert content
    assert found == {("pics", content)}


def test_the_counts_are_those_of_the_files(swept_pictures: tuple[Path, StudyResult, list[str]]) -> None:
    page = swept_pictures[1].page
    assert page.data.files == {arm.name: {"train": 4, "validation": 1, "test": 1} for arm in page.study.arms}


def test_the_constant_prediction_is_named_and_not_called_zero(
    swept_pictures: tuple[Path, StudyResult, list[str]],
) -> None:
    text = markdown(document(swept_pictures[1].page))
    assert "predicting zero" not in text.lower()
    assert "is given that of predicting the mean of the training pictures" in text
    assert "| predicting the mean of the training pictures |" in text


def test_a_sweep_says_that_it_computes_reference_points(swept_pictures: tuple[Path, StudyResult, list[str]]) -> None:
    said = swept_pictures[2]
    assert [text for text in said if text.startswith("Computing what methods without training reach")]


def test_both_psnrs_are_means_over_the_seeds_of_the_levels(
    swept_pictures: tuple[Path, StudyResult, list[str]],
) -> None:
    page = swept_pictures[1].page
    runs = page.data.runs.copy()
    later = runs[runs.arm == "with"].iloc[:1].assign(seed=99, **{"test/psnr": 99.0})
    more = replace(
        page, data=replace(page.data, runs=type(runs)([*runs.to_dict("records"), *later.to_dict("records")]))
    )
    (said,) = (text for text in markdown(document(page)).splitlines() if "as the mean over images" in text)
    assert said in markdown(document(more))
