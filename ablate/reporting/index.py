"""`reports/README.md`: all studies with their answers, and one figure over all, from the reports' headline numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ablate.records.files import read_json, write_atomic
from ablate.reporting.effects import Effect, Headlines, effects, effects_figure
from ablate.reporting.markup.document import Block, Column, Document, Link, Picture, Section, Table, paragraph, table
from ablate.reporting.markup.numbers import digits_for, interval_digits, signed
from ablate.reporting.markup.rendering import markdown
from ablate.reporting.markup.svg import svg

WANTED = {"question", "answer", "arms"}
WANTED_OF_SEARCH = {"question", "answer", "trials"}


def write_index(reports: Path) -> None:
    """Write the page and its figure from every `metrics.json` below `reports` that is one of ours and whole."""
    found = {path.parent.name: read_json(path) for path in sorted(reports.glob("*/metrics.json"))}
    studies = {name: facts for name, facts in found.items() if isinstance(facts, dict) and facts.keys() >= WANTED}
    searches = {
        name: facts for name, facts in found.items() if isinstance(facts, dict) and facts.keys() >= WANTED_OF_SEARCH
    }
    figure = effects_figure(effects(studies))
    drawn = {"effects": svg(figure, "effects")} if figure else {}
    (reports / "figures").mkdir(exist_ok=True)
    for name, content in drawn.items():
        write_atomic(reports / "figures" / f"{name}.svg", content.encode())
    write_atomic(reports / "README.md", markdown(index(studies, searches).without_pictures(drawn)).encode())


def index(studies: dict[str, Headlines], searches: dict[str, Headlines]) -> Document:
    """The page."""
    return Document(
        "Reports",
        "what matters in a ViT denoiser, and how sure are we?",
        f"{len(studies)} {'study' if len(studies) == 1 else 'studies'}",
        (),
        (
            Section("Studies", (_listing("study", "Each study, its question and its answer", studies),)),
            Section("Searches", tuple(_searches(searches))),
            Section("All effects", tuple(_effects(studies))),
        ),
    )


def _searches(searches: dict[str, Headlines]) -> Iterator[Block]:
    if searches:
        yield _listing("search", "Each search, its question and the best that it found", searches)
        yield paragraph("The best of many trials is flattered: only a study on fresh seeds tells what it is worth.")


def _listing(kind: str, caption: str, found: dict[str, Headlines]) -> Table:
    columns = [
        Column[str](kind, lambda name: Link(name, f"{name}/README.md"), number=False),
        Column[str]("question", lambda name: found[name]["question"], number=False),
        Column[str]("answer", lambda name: found[name]["answer"], number=False),
    ]
    return table(caption, columns, found)


def _effects(studies: dict[str, Headlines]) -> list[Block]:
    columns = [
        Column[Effect]("change", lambda effect: effect.arm, number=False),
        Column[Effect]("from", lambda effect: effect.against, number=False),
        Column[Effect]("study", lambda effect: Link(effect.study, f"{effect.study}/README.md"), number=False),
        Column[Effect]("effect (dB)", lambda effect: signed(effect.difference, digits_for(effect.error, 2))),
        Column[Effect]("interval", _interval),
    ]
    return [
        Picture(
            "effects",
            "The effect of every change of every study in dB, largest first",
            "Mean difference in PSNR from the study's reference, and its interval (with an arrow where it goes on); "
            "all intervals of one study hold together with 95%, those of different studies do not.",
        ),
        table("Effect of each component, largest first", columns, effects(studies)),
        paragraph("Each study names what its arms share; effects under different settings need not add up."),
    ]


def _interval(effect: Effect) -> str:
    if not effect.interval:
        return "–"
    digits = interval_digits(effect.interval, digits_for(effect.error, 2), (0,))
    return f"[{signed(effect.interval[0], digits)}, {signed(effect.interval[1], digits)}]"
