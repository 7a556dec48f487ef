"""The README is tested: it names every command, option, key and setting, and what it says to type works."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
import typer.main
from typer.testing import CliRunner

from ablate.cli import app
from ablate.metrics import FOLLOWED, JUDGED, METRICS
from ablate.settings import DEFAULTS, Settings
from ablate.studies.loading import KEYS, SEARCH_KEYS, load, load_search, load_study
from tests.helpers.committed import EXPERIMENTS, ROOT

README = (ROOT / "README.md").read_text()
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def typed(program: str) -> list[str]:
    return [
        line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines() if line.startswith(program)
    ]


def settings_table() -> str:
    """One row per setting: its dotted name, its default, what it means."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, default in DEFAULTS.items():
        *parents, leaf = name.split(".")
        model = Settings
        for parent in parents:
            model = model.model_fields[parent].annotation  # type: ignore[assignment]
        shown = default if isinstance(default, str) else json.dumps(default)  # as YAML writes it
        field = model.model_fields[leaf]
        choices = ", ".join(f"`{choice}`" for choice in get_args(field.annotation) if isinstance(choice, str))
        rows.append(f"| `{name}` | `{shown}` | {field.description}{': ' if choices else ''}{choices} |")
    return "\n".join(rows)


def test_the_settings_table_is_that_of_the_code() -> None:
    written = README.split("<!-- settings -->\n")[1].split("\n<!-- /settings -->")[0]
    assert written == settings_table(), "replace the table by what `settings_table()` of this test returns"


def studies_table() -> str:
    """One row per study or a search: its file and its question."""
    studies = map(load, EXPERIMENTS)
    rows = [f"| [{study.name}](experiments/{study.name}.yaml) | {study.question} |" for study in studies]
    return "\n".join(["| study | asks |", "|---|---|", *rows])


def test_the_table_of_studies_is_that_of_the_folder() -> None:
    written = README.split("<!-- studies -->\n")[1].split("\n<!-- /studies -->")[0]
    assert written == studies_table(), "replace the table by what `studies_table()` of this test returns"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"ablate {command}" in README


@pytest.mark.parametrize(
    "option",
    [opt for command in COMMANDS.values() for param in command.params for opt in param.opts if opt[:2] == "--"],
)
def test_every_option_is_documented(option: str) -> None:
    assert f"`{option}" in README


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_a_study_is_documented(key: str) -> None:
    table = README.split("## A study of your own")[1].split("\n## ")[0]
    assert f"| `{key}` |" in table


@pytest.mark.parametrize("key", SEARCH_KEYS)
def test_every_key_of_a_search_is_documented(key: str) -> None:
    table = README.split("A search is one file, too")[1].split("\n## ")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    assert any(f"`{key}`" in row for row in rows)


def test_the_example_search_is_one(tmp_path: Path) -> None:
    path = tmp_path / "search.yaml"
    path.write_text(next(block for block in blocks("yaml") if "space:" in block))
    assert load_search(path).trials


@pytest.mark.parametrize("line", typed("ablate"))
def test_the_ablate_commands_of_the_readme_can_be_typed(line: str, workplace: Path) -> None:
    words = shlex.split(line)[1:]
    assert words[0] in COMMANDS
    assert (ROOT / words[1]).exists()
    words[1] = str(ROOT / words[1])
    assert CliRunner().invoke(app, words if "--dry-run" in words else [*words, "--help"]).exit_code == 0


@pytest.mark.parametrize("line", typed("make"))
def test_the_make_commands_of_the_readme_exist(line: str) -> None:
    assert f"\n{line.split()[1]}:" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("line", typed("dvc"))
def test_the_dvc_commands_of_the_readme_can_be_typed(line: str) -> None:
    dvc = Path(sys.executable).with_name("dvc")
    subprocess.run([dvc, *shlex.split(line)[1:], "--help"], check=True, capture_output=True)


def test_the_example_study_is_one(tmp_path: Path) -> None:
    path = tmp_path / "mlp.yaml"
    path.write_text(blocks("yaml")[0])
    assert load_study(path).study.metric in METRICS


def test_the_example_claims_are_claims(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    vary = "vary: {model.skip: [both, none], model.heads: [1, 4], model.depth: [2, 4, 12]}\ndesign: one-at-a-time\n"
    path.write_text(f"question: q\n{vary}reference: {{model.depth: 4}}\nseeds: 3\nmargin: 1\n{blocks('yaml')[-1]}")
    assert len(load_study(path).claims) == 3


def test_the_python_example_runs(workplace: Path) -> None:
    program = blocks("python")[0].replace("experiments/", f"{ROOT}/experiments/")
    names: dict[str, object] = {}
    exec(program, names)
    assert names["noisy"].shape == (6, 1, 64, 64)  # type: ignore[attr-defined]
    assert len(names["frame"]) == len(names["runs"])  # type: ignore[arg-type]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text()):
        path, _, heading = link.partition("#")
        assert link.startswith("https://") or (ROOT / path).exists(), link
        assert not heading or heading in anchors((ROOT / (path or page)).read_text()), link


def anchors(text: str) -> set[str]:
    """What a code host calls the headings of a page."""
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ (.*)$", text, re.M)}


@pytest.mark.parametrize("metric", [name for name in JUDGED if name.startswith("test/")] + list(FOLLOWED))
def test_every_score_that_can_decide_is_documented(metric: str) -> None:
    assert f"`{metric}`" in README


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def test_the_places_to_touch_are_there() -> None:
    table = CONTRIBUTING.split("## To add X, touch Y")[1].split("\n## ")[0]
    named = re.findall(r"`(ablate/[^`]+)`", table)
    assert len(named) > 12
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_room_has_its_line() -> None:
    table = CONTRIBUTING.split("## The rooms")[1].split("\n## ")[0]
    named = {name.rstrip("/") for name in re.findall(r"`(ablate/[^`]+)`", table)}
    rooms = {str(path.relative_to(ROOT)) for path in (ROOT / "ablate").iterdir() if not path.name.startswith("_")}
    assert rooms - named == {"ablate/run_figures.py"}
    assert named <= rooms


def test_every_test_that_holds_a_promise_is_there() -> None:
    table = README.split("### What is promised")[1].split("\n## ")[0]
    named = re.findall(r"`(tests/[^`]+)`", table)
    assert len(named) > 9
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_findings_are_those_of_the_reports() -> None:
    findings = README[: README.index("## A first result")]
    effects = (ROOT / "reports" / "README.md").read_text().replace("\\", "")
    link, number = r"\(reports/(\w+)/README\.md\)", r"([−+][\d.]+) dB (\[[^]]*\])"
    said = re.findall(f"{link}(?:(?!{link}).)*?{number}", findings, flags=re.DOTALL)
    assert len(said) == len(re.findall(number, findings)) > 2
    for study, *_, difference, interval in said:
        assert f"| [{study}]({study}/README.md) | {difference} | {interval} |" in effects


def test_the_runs_that_looks_take_are_those_of_the_benchmark() -> None:
    page = (ROOT / "benchmarks" / "until_decided.md").read_text()
    said = README.split("On [real studies](benchmarks/until_decided.md)")[1].split("\n\n")[0]
    counts = re.findall(r"`(\w+)`[^`]*? (\d+)(?: runs)? instead of (\d+)", said)
    assert [study for study, *_ in counts] == ["skips", "depth", "heads"]
    for study, used, planned in counts:
        section = page.split(f"## {study}: ")[1].split("## ")[0]
        assert f"{planned} runs with 12 fixed seeds, {used} until decided" in section
    rows = [row.split(" | ") for row in page.splitlines() if row.startswith("| ") and row.count("|") == 7]
    assert [row[0] for row in rows if row[1] != row[3] and row[0] != "| arm"] == ["| heads=8"]


def test_the_scores_that_the_findings_start_from_are_those_of_the_reports() -> None:
    trained, nothing = re.findall(r"(?:scores|image)\s([\d.]+) dB", README[: README.index("| what matters |")])
    runs = pd.read_csv(ROOT / "reports" / "components" / "data" / "runs.csv")
    means = runs[runs["arm"] == "reference"][["test/psnr", "nothing/psnr"]].mean()
    assert [f"{mean:.1f}" for mean in means] == [trained, nothing]


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_study_opens_with_its_question_its_cost_and_what_to_expect(path: Path) -> None:
    heading = path.read_text().split("\nquestion:")[0]
    assert all(f"# {word}:" in heading for word in ("Question", "Cost", "Expect"))
    assert load(path).question
