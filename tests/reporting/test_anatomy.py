"""The page of the notebook's questions."""

import re
from pathlib import Path

import pandas as pd
import pytest

from ablate.reporting.anatomy import NOTEBOOK, notebook_runs, render
from tests.helpers.committed import ROOT, restore


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render(restore(tmp_path_factory.mktemp("committed"), "reports/*/data/runs.csv") / "reports")


def answer(page: str, question: int) -> str:
    return re.search(rf"\*\*Q{question}\. .*?\?\*\* (.*)", page)[1]  # type: ignore[index]


def test_the_committed_page_is_what_the_program_writes(page: str) -> None:
    assert (ROOT / "reports" / "anatomy.md").read_text() == page, "run `make docs`"


def test_the_questions_are_answered_in_order(page: str) -> None:
    assert re.findall(r"^\*\*Q(\d+)\.", page, flags=re.MULTILINE) == [str(number) for number in range(1, 21)]


@pytest.mark.parametrize(
    ("question", "facts"),
    [
        (1, ["(6, 1, 64, 64)", "6 images"]),
        (3, ["(6, 64, 32)", "8 x 8 = 64"]),
        (4, ["Yes", "2,080", "Conv2d"]),
        (5, ["4,128"]),
        (8, ["No", "linear up to a constant"]),
        (9, ["No", "4,224, 4,224"]),
        (10, ["Not the FLOPs", "262,144"]),
        (11, ["GELU", "not linear", "0.841 at 1"]),
        (12, ["128"]),
        (16, ["takes nothing", "(6, 4, 64, 64)"]),
        (18, ["(6, 1, 64, 64)"]),
        (19, ["171,317", "173,429"]),
    ],
)
def test_answers_have_the_facts(page: str, question: int, facts: list[str]) -> None:
    assert all(fact in answer(page, question) for fact in facts)


def test_the_last_answer_is_that_of_the_finished_runs_of_the_notebook(tmp_path: Path) -> None:
    ids = [NOTEBOOK.run(seed).id for seed in range(3)]
    table = {"run": [*ids, "other"], "status": ["finished", "finished", "failed", "finished"]}
    scores = {"test/psnr": [29, 31, None, 9], "test/mse": [1, 3, None, 9], "nothing/mse": 10, "nothing/psnr": 20}
    for name in ("a", "b"):
        (tmp_path / name / "data").mkdir(parents=True)
        pd.DataFrame(table | scores).to_csv(tmp_path / name / "data" / "runs.csv", index=False)
    assert len(notebook_runs(tmp_path)) == 2
    text = answer(render(tmp_path), 20)
    assert "2 seeds is 30.00 dB" in text
    assert "from 29.00 to 31.00" in text
    assert "20% of what it was" in text


def test_without_runs_the_last_answer_says_how_to_get_them(tmp_path: Path) -> None:
    assert "ablate sweep" in answer(render(tmp_path), 20)
