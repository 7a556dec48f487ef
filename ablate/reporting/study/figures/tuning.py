"""The best value of each arm's tuning against the number of its trials."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import metric_label
from ablate.reporting.markup.style import make_figure, pad_limits, report_style, use_integer_ticks, wrap_name
from ablate.reporting.study.figures.styles import arm_styles
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def tuning_courses(page: Page) -> dict[str, list[tuple[int, float]]]:
    """The lines of the figure by arm: (number of trials, best value so far), from the first complete trial on."""
    return {
        tuning.arm: [(count, best) for count, best in enumerate(tuning.course, 1) if not math.isnan(best)]
        for tuning in page.tuning
    }


def tuning_figure(page: Page) -> Figure | None:
    """Draw a line per arm; None if no arm was tuned."""
    courses = {arm: course for arm, course in tuning_courses(page).items() if course}
    if not courses:
        return None
    styles = arm_styles(page)
    with report_style():
        figure = make_figure(2.8 + 0.16 * len(courses))
        axes = figure.subplots()
        for arm, course in courses.items():
            counts, best = zip(*course, strict=True)
            style = styles[arm]
            axes.plot(counts, best, drawstyle="steps-post", color=style.colour, linewidth=1)
            axes.plot(counts, best, style.marker, color=style.colour, markersize=4, label=wrap_name(arm, 60))
        axes.set_ylim(pad_limits([best for course in courses.values() for _, best in course]))
        use_integer_ticks(axes.xaxis)
        axes.set_xlabel("trials")
        axes.set_ylabel(f"best {metric_label(page.tuning[0].search.judged)} so far")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
    return figure


FIGURE = ReportFigure[Page](
    name="tuning",
    section=SectionTitle.TUNING,
    alternative=lambda page: "The best value of each arm's tuning against the number of its trials",
    caption=lambda page: (
        "The best value after each number of trials. Where a line still rises at its end, more trials may help."
    ),
    draw=tuning_figure,
)
