"""What a paper takes from a report: a table in LaTeX, and a paragraph about the methods.

Each sentence of the paragraph holds for this very study: what it does not have, such as looks or tuning, is not named.
"""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from ablate.reporting.citation import KEY, bibtex, program
from ablate.reporting.markup.document import Column, Table, table
from ablate.reporting.markup.latex import latex_table, latex_text
from ablate.reporting.markup.numbers import metric_label, unit_suffix
from ablate.reporting.markup.words import join_names, join_words, quote_name
from ablate.reporting.study.arms import ArmRow
from ablate.reporting.study.computed import setting_text
from ablate.reporting.study.earlier_looks import uncorrected_error
from ablate.reporting.study.model import Page, constant_prediction
from ablate.reporting.study.texts import arm_texts, comparison_texts
from ablate.statistics.multiplicity import CONFIDENCE, SHARED, SPENT
from ablate.statistics.verdicts import Verdict
from ablate.studies.plan import Seed

MARKS: dict[Verdict, str] = {
    "better": r"$\uparrow$",
    "worse": r"$\downarrow$",
    "equivalent": r"$\approx$",
    "undecided": "?",
    "waiting": "--",
}
"""How the table marks a verdict. The best number has no mark: it may be the best by chance."""


def latex(page: Page) -> str:
    """The table and the paragraph about the methods in LaTeX, and the entry for the bibliography as a comment."""
    label = f"tab:{page.design.name}"
    parts = [
        f"% Written by `ablate report`; it needs \\usepackage{{booktabs}}, and this entry in the bibliography:\n"
        f"% {bibtex()}",
        latex_table(_paper_table(page), label, _notes(page)),
        f"{latex_text(' '.join(methods(page)))} {latex_text(_software())}~\\cite{{{KEY}}}.",
    ]
    return "\n\n".join(part.strip() for part in parts)


def methods_text(page: Page) -> str:
    """The paragraph about the methods as plain text."""
    return f"{' '.join(methods(page))} {_software()}."


def _software() -> str:
    return f"The intervals and verdicts were computed with {program()}"


def _paper_table(page: Page) -> Table:
    columns = [
        Column[ArmRow]("arm", lambda row: row.name, number=False),
        Column[ArmRow]("seeds", lambda row: str(row.comparison.pairs if row.comparison else row.seeds)),
        Column[ArmRow](f"mean {metric_label(page.metric)}", lambda row: arm_texts(row, page).mean),
        Column[ArmRow]("difference [interval]", lambda row: _interval(row, page)),
        Column[ArmRow]("", _mark, number=False),
    ]
    return table(page.design.question, columns, page.rows)


def _interval(row: ArmRow, page: Page) -> str:
    """The interval by which the arm was judged: the inner one for an arm that is equivalent."""
    if row.comparison is None:
        return ""
    texts = comparison_texts(row.comparison, page.metric, page.design.margin)
    return texts.inner if row.comparison.verdict == "equivalent" else texts.interval


def _mark(row: ArmRow) -> Markup | str:
    return Markup(MARKS[row.comparison.verdict]) if row.comparison else "reference"


def _notes(page: Page) -> str:
    """What the marks mean, and at which level, in LaTeX."""
    verdicts = dict.fromkeys(c.verdict for _, c in page.compared_arms)
    margin = f"{page.design.margin:g}{unit_suffix(page.metric)}"
    meanings: dict[Verdict, str] = {
        "better": "better",
        "worse": "worse",
        "equivalent": f"equivalent within ±{margin}, with the interval of two one-sided tests",
        "undecided": "undecided",
        "waiting": "not judged, since runs are missing",
    }
    marks = "; ".join(f"{MARKS[verdict]} {latex_text(meanings[verdict])}" for verdict in MARKS if verdict in verdicts)
    return f"{latex_text(_level(page))}. {marks}."


def _level(page: Page) -> str:
    if page.data.looks:
        return "Paired t intervals, whose confidence is lower, since the seeds were changed after a first report"
    several = page.comparisons > 1
    joint = f"s, which for roughly normal differences hold jointly with {CONFIDENCE:.0%} confidence"
    kind = f"Paired t interval{joint if several else f' with {CONFIDENCE:.0%} confidence'}"
    return kind if page.metric.higher_is_better else f"{kind}; positive differences are improvements"


def methods(page: Page) -> Iterator[str]:
    """The sentences about the methods."""
    yield _compared(page)
    yield from _tuned(page)
    yield from _seeds(page)
    if page.has_study:
        epochs, scenes = (setting_text(page, f"training.{name}") for name in ("epochs", "scenes"))
        yield f"A run has {epochs} epochs of {scenes} images."
    yield from _missing(page)
    if len(page.design.seeds) > 1:
        yield from _intervals(page)
        yield _rule(page)
    yield from _bad(page)


def _compared(page: Page) -> str:
    references = [row.name for row in page.rows if row.comparison is None]
    compared = len(page.compared_arms)
    of = f"the reference {quote_name(references[0])}" if len(references) == 1 else "the reference of each"
    better = "higher" if page.metric.higher_is_better else "lower"
    return (
        f"{_counted(compared, 'arm was', 'arms were')} compared with {of} by {page.metric.name} "
        f"({page.metric.description}; {better} is better)."
    )


def _tuned(page: Page) -> Iterator[str]:
    if page.tuning:
        search = page.tuning[0].search
        yield (
            f"Each arm, including the reference, was first tuned by {search.trials} trials of Optuna's sampler "
            f"{search.sampler} on the seed {search.seed}, which is not used again, ranked by {search.metric}."
        )


def _seeds(page: Page) -> Iterator[str]:
    plan, changed = page.design, len(page.data.looks)
    seeds = f"{_counted(len(plan.seeds), 'seed', 'seeds')} ({_listed(plan.seeds)})"
    if len(plan.looks) > 1:
        looks = join_words([str(look.seeds) for look in plan.looks])
        yield (
            f"Looks at the results were planned at {looks} of {seeds}; after each look only undecided arms and their "
            "references continued, and the first verdict on an arm was final."
        )
    else:
        fixed = page.has_study and not changed
        yield f"All arms had the same {seeds}{', a number fixed in advance' if fixed else ''}."
    if changed:
        yield (
            "The seeds, or the looks, were changed after a first report could be read, so a verdict is wrong in "
            f"{uncorrected_error(changed)} of studies instead of 5% (simulations: benchmarks/further_looks.md)."
        )


def _listed(seeds: tuple[Seed, ...]) -> str:
    first, last = seeds[0], seeds[-1]
    numbers = tuple(range(first, last + 1)) if isinstance(first, int) and isinstance(last, int) else ()
    is_range = len(seeds) > 2 and seeds == numbers
    return f"{first} to {last}" if is_range else join_words(list(map(str, seeds)))


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _missing(page: Page) -> Iterator[str]:
    if page.missing_runs:
        runs = _counted(len(page.missing_runs), "run is", "runs are")
        yield f"{runs} missing, and the comparisons that need {'it' if len(page.missing_runs) == 1 else 'them'} wait."
    if page.left_out and not page.has_study:
        runs = _counted(len(page.left_out), "run without a finite score was", "runs without a finite score were")
        yield f"{runs} left out with the pair, in up to {page.design.missing} of the seeds of each comparison."
    elif page.left_out:
        seeds = _counted(page.design.missing, "seed", "seeds")
        yield (
            f"Up to {seeds} of each comparison could lack a run without making it wait, and "
            f"{_counted(len(page.left_out), 'run is', 'runs are')} missing in this way: one that failed counts as "
            "predicting zero, any other is left out with its pair."
        )


def _intervals(page: Page) -> Iterator[str]:
    """How the error is shared; no confidence is claimed where seeds were changed after a look."""
    shared = "Runs of the same seed share their initial values and their images wherever the settings of the arms agree"
    paired = "differences were paired by seed, and their means have the intervals of paired t tests."
    yield f"{shared}, so {paired}" if page.has_study else paired.capitalize()
    if page.data.looks:
        return
    ways = [f"shared over {page.comparisons} comparisons ({SHARED})"] if page.comparisons > 1 else []
    ways += [f"spent over the looks ({SPENT})"] if len(page.design.looks) > 1 else []
    holds = "all verdicts hold jointly" if ways else "the verdict holds"
    start = f"An error of {1 - CONFIDENCE:.0%} was {join_words(ways)}, so for" if ways else "For"
    simulations = "(simulations: benchmarks/calibration.md)"
    yield f"{start} roughly normal differences {holds} with {CONFIDENCE:.0%} confidence {simulations}."
    if skewed := [arm.arm for arm in page.diagnosis.arms if arm.is_skewed]:
        yield f"The differences are skewed in {join_names(skewed)}, which lowers that confidence."


def _rule(page: Page) -> str:
    margin = f"{page.design.margin:g}{unit_suffix(page.metric)}"
    return (
        f"Differences below the margin of {margin} do not matter. An arm is called equivalent to its reference if two "
        "one-sided tests place the difference within the margin. Otherwise it is called better or worse if the "
        "interval of the difference does not contain zero, and undecided if it does. Undecided does not mean that "
        "there is no effect."
    )


def _bad(page: Page) -> Iterator[str]:
    diverged, useless = (sum(getattr(row, name) for row in page.rows) for name in ("diverged_runs", "useless_runs"))
    if diverged + useless == 0:
        return
    kinds = []
    if diverged:
        answer = f"predicting {constant_prediction(page.study)}"
        kinds.append(f"{_counted(diverged, 'run', 'runs')} diverged and counted as {answer}")
    if useless:
        kinds.append(f"{_counted(useless, 'run', 'runs')} scored below a constant prediction")
    yield (
        f"{join_words(kinds)}; an arm with such a run is never called better or equivalent, and if the reference has "
        "one, no arm is called worse or equivalent."
    )
