"""The searches of a study that tunes its arms: one for each arm, all with the same budget."""

from __future__ import annotations

from collections.abc import Sequence

from ablate.errors import Steps, StudyError, quote
from ablate.studies.designs import Arm
from ablate.studies.search import Search
from ablate.studies.space import Tune, check_space
from ablate.studies.study import Study


def find_tunings(study: Study, arms: Sequence[Arm]) -> dict[str, Search]:
    """Build the search of each arm, references included, by the arm's name.

    Each search runs one trial at a time, so what it tries only depends on its own earlier trials, not on the number of
    workers.

    Raises:
        StudyError: the tuning would not be fair, or one of its searches is not allowed.
    """
    if study.tune is None:
        return {}
    _check_tuning(study, study.tune)
    return {arm.name: _make_search(study, study.tune, arm) for arm in arms}


def _check_tuning(study: Study, tune: Tune) -> None:
    if tune.seed in study.seeds:
        rule = "an arm must not be judged on the seed that its settings were chosen with"
        raise StudyError(("tune", "seed"), f"{rule} (given: {tune.seed}); allowed: a seed that the study does not use")
    for name in study.base.keys() & tune.space.keys():
        raise StudyError(("base", name), f"{name} is set in both `base` and `tune.space`; keep one", of_key=True)


def _make_search(study: Study, tune: Tune, arm: Arm) -> Search:
    for name in (*arm.overrides, "training.epochs"):
        if name in tune.space:
            fact = f"the arm {quote(arm.name)} sets {name}, so tuning cannot choose it"
            raise StudyError(("tune", "space", name), f"{fact}; allowed: other settings", of_key=True)
    own = study.base | arm.overrides
    content = {"data.content": arm.settings.data.content} if arm.settings.data.content else {}
    base = own | content | {"training.epochs": tune.epochs}
    try:
        # The search below checks the space with the epochs of a trial; the chosen settings must also fit the study's.
        check_space(tune.space, own, ("space",), study.variants)
        return Search(
            name=study.name,
            question=study.question,
            variants=study.variants,
            base=base,
            space=tune.space,
            trials=tune.trials,
            sampler=tune.sampler,
            parallel=1,
            seed=tune.seed,
            metric=tune.metric,
            timeout=study.timeout,
        )
    except StudyError as error:
        # An error outside of the space is about `base`, of which only the epochs are not checked yet.
        place: Steps = ("tune", *error.path) if error.path[0] == "space" else ("tune", "epochs")
        raise StudyError(place, f"{error.message} (tuning the arm {quote(arm.name)})", of_key=error.of_key) from None
