"""The figures of a report: a module each, in which one tested function computes what another one only draws."""

from __future__ import annotations

from ablate.reporting.markup.svg import svg
from ablate.reporting.study.figures.cost import cost_figure
from ablate.reporting.study.figures.course import course_figure
from ablate.reporting.study.figures.curves import curves_figure
from ablate.reporting.study.figures.differences import differences_figure
from ablate.reporting.study.figures.grid import cells_figure, interactions_figure
from ablate.reporting.study.figures.samples import samples_figure
from ablate.reporting.study.figures.seeds import seeds_figure
from ablate.reporting.study.figures.styles import arm_styles
from ablate.reporting.study.figures.tuning import tuning_figure
from ablate.reporting.study.model import Page


def draw_all(page: Page) -> dict[str, str]:
    """Every figure of a page as SVG, by its name; figures with nothing to show are left out."""
    styles = arm_styles(page)
    figures = {
        "tuning": tuning_figure(page, styles),
        "differences": differences_figure(page, styles),
        "course": course_figure(page, styles),
        "cells": cells_figure(page),
        "interactions": interactions_figure(page),
        "seeds": seeds_figure(page, styles),
        "curves": curves_figure(page, page.data.epochs[page.data.epochs.run.isin(page.used)], styles),
        "cost": cost_figure(page, styles),
        "samples": samples_figure(page, page.data),
    }
    return {name: svg(figure, name) for name, figure in figures.items() if figure is not None}
