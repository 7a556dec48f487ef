"""`ablate describe`: the parts of a network, or of each arm's network."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli._shared import app, out
from ablate.cli._tables import FittingTable, make_table
from ablate.errors import AblateError

if TYPE_CHECKING:
    from rich.tree import Tree

    from ablate.denoiser.anatomy import Anatomy, Heads, Part
    from ablate.settings import ModelConfig


@app.command()
def describe(
    study_file: Annotated[
        Path | None, typer.Argument(metavar="STUDY", help="The YAML file of a study. Default: the default network.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same numbers as JSON.")] = False,
    markdown: Annotated[
        bool,
        typer.Option("--markdown", help="Answer the twenty questions of reports/anatomy.md about the default network."),
    ] = False,
) -> None:
    """Show the parts of a network, with shapes and FLOPs.

    For the default network, or for each arm of a study, it prints the shape after each part, its parameters and FLOPs,
    and which parts are not linear.
    """
    from ablate.denoiser import anatomy

    if markdown and (study_file or as_json):
        raise AblateError("--markdown takes neither a STUDY nor --json")
    if markdown:
        from ablate.project import REPORTS, find_project
        from ablate.reporting.anatomy import render

        typer.echo(render(find_project() / REPORTS), nl=False)
        return
    found = {name: anatomy.describe(config) for name, config in _networks(study_file).items()}
    if as_json:
        typer.echo(json.dumps({name: asdict(one) for name, one in found.items()}, indent=1))
        return
    for name, one in found.items():
        _show(name, one)


def _networks(study_file: Path | None) -> dict[str, ModelConfig]:
    """The networks to describe, by the names of the arms that have them."""
    from ablate.pipeline.parts import try_networks
    from ablate.settings import ModelConfig
    from ablate.studies.loading import load_study

    if study_file is None:
        return {"the default network": ModelConfig()}
    names: dict[ModelConfig, list[str]] = {}
    design = load_study(study_file)
    try_networks(design)
    for arm in design.arms:
        names.setdefault(arm.settings.model, []).append(arm.name)
    return {" = ".join(shared): config for config, shared in names.items()}


def _show(name: str, anatomy: Anatomy) -> None:
    from rich.tree import Tree

    tree = Tree(f"{name}: {_shape(anatomy.input)} -> {_facts(anatomy.network)}")
    _grow(tree, anatomy.network)
    out.print(tree, soft_wrap=True)
    kinds = dict.fromkeys(anatomy.network[path].kind for path in anatomy.nonlinear)
    out.print(f"Not linear: {', '.join(kinds) or 'nothing'}.", soft_wrap=True)
    skips = ", ".join(map(_shape, anatomy.skips)) or "none, unlike a U-Net"
    out.print(f"Skip connections from the input's features into the decoder: {skips}.", soft_wrap=True)
    if anatomy.heads:
        out.print(_heads_table(anatomy.heads))


def _grow(tree: Tree, part: Part) -> None:
    for inner in part.parts:
        kind = inner.kind if inner.count == 1 else f"{inner.count} x {inner.kind}, each"
        _grow(tree.add(f"{inner.name}: {kind} -> {_facts(inner)}"), inner)


def _facts(part: Part) -> str:
    parameters = f", {part.parameters:,} params" if part.parameters else ""
    return f"{_shape(part.shape)}{parameters}" + (f", {part.flops / 1e6:,.2f} MFLOPs" if part.flops else "")


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _heads_table(rows: tuple[Heads, ...]) -> FittingTable:
    headings = ("heads", "query", "key", "parameters", "MFLOPs of q k", "of weights v", "weights")

    def line(row: Heads) -> tuple[str, ...]:
        products = (f"{flops / 1e6:,.3f}" for flops in (row.query_key_flops, row.weight_value_flops))
        return str(row.heads), _shape(row.query), _shape(row.key), f"{row.parameters:,}", *products, f"{row.weights:,}"

    return make_table("One attention layer, one image, by its number of heads", headings, map(line, rows))
