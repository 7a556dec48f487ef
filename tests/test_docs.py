"""The documentation is tested: it has every command, option, key and setting, and what it says to type works."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer.main
from typer.testing import CliRunner

from ablate.cli import app
from ablate.metrics import METRICS
from ablate.overrides import PLACES
from ablate.studies.loading import KEYS, SEARCH_KEYS, load, load_search, load_study
from ablate.training.trial import try_parts
from docs.generate import outputs
from tests.helpers.committed import EXPERIMENTS, ROOT, restore

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = {path.stem: path.read_text() for path in PAGES}
README, EVERYTHING = TEXT["README"], "\n".join(TEXT.values())
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def blocks(language: str, text: str = EVERYTHING) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def typed(program: str) -> list[str]:
    return [
        line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines() if line.startswith(program)
    ]


OF_REPORTS = ROOT / "reports" / "anatomy.md"
"""Depends on the reports; `tests/reporting/test_anatomy.py` compares it with those that are committed."""

GENERATED = [(path, text) for path, text in outputs().items() if path != OF_REPORTS]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed reports that the README quotes, also if a study was swept again on another machine since."""
    tables = [f"reports/{study}/data/runs.csv" for study in ("heads", "patches")]
    files = ("reports/README.md", "reports/*/verdicts.json", *tables)
    return restore(tmp_path_factory.mktemp("committed"), *files) / "reports"


@pytest.mark.parametrize(("path", "text"), GENERATED, ids=lambda value: getattr(value, "name", ""))
def test_what_is_generated_is_up_to_date(path: Path, text: str) -> None:
    assert path.read_text() == text, f"{path.relative_to(ROOT)} is stale: run `make docs`"


def test_the_readme_is_one_screen() -> None:
    assert len(README.splitlines()) <= 150


def test_the_readme_leads_to_every_page() -> None:
    assert [path.name for path in PAGES[1:] if f"](docs/{path.name})" not in README] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"## `ablate {command}`" in TEXT["commands"]


@pytest.mark.parametrize(
    "option",
    [opt for command in COMMANDS.values() for param in command.params for opt in param.opts if opt[:2] == "--"],
)
def test_every_option_is_documented(option: str) -> None:
    assert f"* `{option}" in TEXT["commands"]


KEY_PAGES = [*(("studies", key) for key in KEYS), *(("search", key) for key in SEARCH_KEYS)]


@pytest.mark.parametrize(("page", "key"), KEY_PAGES)
def test_every_key_is_documented(page: str, key: str) -> None:
    assert f"| `{key}` |" in TEXT[page]


def test_the_example_search_is_one(tmp_path: Path) -> None:
    path = tmp_path / "search.yaml"
    path.write_text(blocks("yaml", TEXT["search"])[0])
    assert load_search(path).trials


def test_the_example_of_an_own_part_is_one(tmp_path: Path) -> None:
    (tmp_path / "my_parts.py").write_text(blocks("python", TEXT["parts"])[0])
    (tmp_path / "low_rank.yaml").write_text(blocks("yaml", TEXT["parts"])[0])
    arms = {arm.name: arm.run(0) for arm in load_study(tmp_path / "low_rank.yaml").arms}
    assert [dict(run.variants[0].settings) for run in arms.values() if run.variants] == [{"rank": 4}, {"rank": 8}]
    try_parts(arms["rank 8"])


def test_every_place_of_own_parts_is_in_the_page_about_them() -> None:
    assert [place for place in PLACES if f"`{place}`" not in TEXT["parts"]] == []


@pytest.mark.parametrize("line", typed("ablate"))
def test_the_ablate_commands_of_the_pages_can_be_typed(line: str, workplace: Path) -> None:
    example = workplace / "experiments" / "mlp.yaml"  # where the README says to save its study
    example.parent.mkdir()
    example.write_text(blocks("yaml", README)[0])
    words = [
        str(ROOT / word) if word.endswith(".yaml") and not Path(word).exists() else word
        for word in shlex.split(line)[1:]
    ]
    assert words[0] in COMMANDS
    assert all(Path(word).exists() for word in words if word.endswith(".yaml"))
    assert CliRunner().invoke(app, words if "--dry-run" in words else [*words, "--help"]).exit_code == 0


@pytest.mark.parametrize("line", typed("make"))
def test_the_make_commands_of_the_pages_exist(line: str) -> None:
    assert f"\n{line.split()[1]}:" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("line", typed("dvc"))
def test_the_dvc_commands_of_the_pages_can_be_typed(line: str) -> None:
    dvc = Path(sys.executable).with_name("dvc")
    subprocess.run([dvc, *shlex.split(line)[1:], "--help"], check=True, capture_output=True)


@pytest.mark.parametrize("page", ["README", "studies"])
def test_the_example_study_is_one(page: str, tmp_path: Path) -> None:
    path = tmp_path / "mlp.yaml"
    path.write_text(blocks("yaml", TEXT[page])[0])
    assert load_study(path).study.metric in METRICS


def test_the_example_claims_are_claims(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    claims = next(block for block in blocks("yaml", TEXT["studies"]) if "expect:" in block)
    vary = "vary: {model.skip: [both, none], model.heads: [1, 4], model.depth: [2, 4, 12]}\ndesign: one-at-a-time\n"
    path.write_text(f"question: q\n{vary}reference: {{model.depth: 4}}\nseeds: 3\nmargin: 1\n{claims}")
    assert len(load_study(path).claims) == 3


def test_the_python_example_runs(workplace: Path) -> None:
    program = blocks("python", TEXT["python"])[0].replace("experiments/", f"{ROOT}/experiments/")
    names: dict[str, object] = {}
    exec(program, names)
    assert names["noisy"].shape == (6, 1, 64, 64)  # type: ignore[attr-defined]
    assert len(names["frame"]) == len(names["runs"])  # type: ignore[arg-type]


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda path: path.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if link.startswith("https://"):
            continue
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not heading or heading in anchors(target.read_text()), link


def anchors(text: str) -> set[str]:
    """What a code host calls the headings of a page."""
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ (.*)$", text, re.M)}


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def test_the_places_to_touch_are_there() -> None:
    table = CONTRIBUTING.split("## To add X, touch Y")[1].split("\n## ")[0]
    named = re.findall(r"`(ablate/[^`]+)`", table)
    assert len(named) > 12
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_package_and_module_has_its_line() -> None:
    table = CONTRIBUTING.split("## Layout")[1].split("\n## ")[0]
    named = {name.rstrip("/") for name in re.findall(r"`(ablate/[^`]+)`", table)}
    inside = [path for path in (ROOT / "ablate").iterdir() if path.suffix in ("", ".py") and path.name[0] != "_"]
    assert {str(path.relative_to(ROOT)) for path in inside} == named


def test_every_test_that_holds_a_promise_is_there() -> None:
    table = TEXT["guarantees"]
    named = re.findall(r"`(tests/[^`]+)`", table)
    assert len(named) > 9
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_findings_are_those_of_the_reports(reports: Path) -> None:
    findings = README[: README.index("## A first result")]
    effects = (reports / "README.md").read_text().replace("\\", "")
    link, number = r"\(reports/(\w+)/README\.md\)", r"([−+][\d.]+) dB (\[[^]]*\])"
    said = re.findall(f"{link}(?:(?!{link}).)*?{number}", findings, flags=re.DOTALL)
    assert len(said) == len(re.findall(number, findings)) > 2
    for study, *_, difference, interval in said:
        assert f"| [{study}]({study}/README.md) | {difference} | {interval} |" in effects


def test_the_runs_that_looks_take_are_those_of_the_benchmark() -> None:
    page = (ROOT / "benchmarks" / "until_decided.md").read_text()
    said = TEXT["verdicts"].split("On [real studies](../benchmarks/until_decided.md)")[1].split("\n\n")[0]
    counts = re.findall(r"`(\w+)`[^`]*?\s(\d+)(?: runs)? instead of (\d+)", said)
    assert [study for study, *_ in counts] == ["skips", "depth", "heads"]
    for study, used, planned in counts:
        section = page.split(f"## {study}: ")[1].split("## ")[0]
        assert f"{planned} runs with 12 fixed seeds, {used} until decided" in section
    rows = [row.split(" | ") for row in page.splitlines() if row.startswith("| ") and row.count("|") == 7]
    assert [row[0] for row in rows if row[1] != row[3] and row[0] != "| arm"] == ["| heads=8"]


def test_the_scores_that_the_findings_start_from_are_those_of_the_reports(reports: Path) -> None:
    trained, nothing = re.findall(r"scores\s([\d.]+) dB", README[: README.index("| change |")])
    runs = pd.read_csv(reports / "heads" / "data" / "runs.csv")
    default = runs[(runs["arm"] == "heads=4") & (runs["status"] == "finished")]
    assert f"mean of {len(default)} seeds" in README
    assert [f"{mean:.1f}" for mean in default[["test/psnr", "nothing/psnr"]].mean()] == [trained, nothing]


EQUIVALENT = {
    "components": {"without attention", "without MLP", "without position"},
    "depth": {"depth=8"},
    "heads": {f"heads={number}" for number in (1, 2, 8, 16, 32)},
}
"""What the README's rows call equivalent, by study: its words for these arms are its own."""


def verdicts_of(reports: Path, study: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((reports / study / "verdicts.json").read_text())
    return content


def test_what_the_readme_calls_equivalent_is_so_by_the_reports(reports: Path) -> None:
    rows = re.findall(r"\(reports/(\w+)/README\.md\).*\| equivalent within ([\d.]+) dB \|", README)
    assert [study for study, _ in rows] == list(EQUIVALENT)
    for study, margin in rows:
        verdicts = verdicts_of(reports, study)
        assert verdicts["margin"] == float(margin)
        assert {arm["arm"] for arm in verdicts["verdicts"] if arm["verdict"] == "equivalent"} == EQUIVALENT[study]


def test_what_the_readme_calls_undecided_is_so_by_the_report(reports: Path) -> None:
    seeds, most = re.findall(r"are undecided after (\d+) seeds:[^.]* at most \[([\d.]+)\s", README)[0]
    arms = [arm for arm in verdicts_of(reports, "depth")["verdicts"] if arm["verdict"] == "undecided"]
    assert [arm["arm"] for arm in arms] == ["depth=1", "depth=2", "depth=4"]
    assert {arm["pairs"] for arm in arms} == {int(seeds)}
    assert f"{max(arm['smallest_margin'] for arm in arms):.2f}" == most


def test_what_the_readme_says_about_the_notebooks_training_is_so_by_the_report(reports: Path) -> None:
    (less,) = re.findall(r"scores \[([\d.]+) dB\s+less\]", README)
    (arm,) = [arm for arm in verdicts_of(reports, "notebook")["verdicts"] if arm["arm"] == "trained as in the notebook"]
    assert f"{-arm['difference']:.1f}" == less


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_study_opens_with_its_question_its_cost_and_what_to_expect(path: Path) -> None:
    heading = path.read_text().split("\nquestion:")[0]
    assert all(f"# {word}:" in heading for word in ("Question", "Cost", "Expect"))
    assert load(path).question


def test_the_readme_says_what_smaller_patches_cost(reports: Path) -> None:
    runs = pd.read_csv(reports / "patches" / "data" / "runs.csv").groupby("arm")["cost/flops"].first()
    assert f"with {runs['patch_size=4'] / runs['patch_size=8']:.1f} times the FLOPs" in README
