"""The figures of a report: a module each, in which one tested function computes what another one only draws."""

from __future__ import annotations

from ablate.report.data import Data
from ablate.report.figures.cost import cost_figure
from ablate.report.figures.course import course_figure
from ablate.report.figures.curves import curves_figure
from ablate.report.figures.differences import differences_figure
from ablate.report.figures.grid import cells_figure, interactions_figure
from ablate.report.figures.samples import samples_figure
from ablate.report.figures.seeds import seeds_figure
from ablate.report.figures.style import arm_styles
from ablate.report.figures.tuning import tuning_figure
from ablate.report.model import Page
from ablate.report.svg import svg


def draw_all(page: Page, data: Data) -> dict[str, str]:
    """Every figure of a page as SVG, by its name; figures with nothing to show are left out."""
    styles = arm_styles(page)
    figures = {
        "tuning": tuning_figure(page, styles),
        "differences": differences_figure(page, styles),
        "course": course_figure(page, styles),
        "cells": cells_figure(page),
        "interactions": interactions_figure(page),
        "seeds": seeds_figure(page, styles),
        "curves": curves_figure(page, data.epochs[data.epochs.run.isin(page.used)], styles),
        "cost": cost_figure(page, styles),
        "samples": samples_figure(page, data),
    }
    return {name: svg(figure, name) for name, figure in figures.items() if figure is not None}
