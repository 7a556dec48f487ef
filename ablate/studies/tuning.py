"""A study that tunes its arms -> one search for each arm, all with the same budget."""

from __future__ import annotations

from collections.abc import Sequence

from ablate.errors import Steps, StudyError, shown
from ablate.studies.designs import Arm
from ablate.studies.search import Search
from ablate.studies.space import Tune, check_space
from ablate.studies.study import Study


def find_tunings(study: Study, arms: Sequence[Arm]) -> dict[str, Search]:
    """The search of each arm, the references' too, by the arm's name; one trial of each is open at a time.

    So each arm's trials depend on that arm's earlier ones alone, however many slots there are.

    Raises:
        StudyError: the tuning is not fair, or one of its searches is not allowed.
    """
    if study.tune is None:
        return {}
    _check(study, study.tune)
    return {arm.name: _tuning(study, study.tune, arm) for arm in arms}


def _check(study: Study, tune: Tune) -> None:
    if tune.seed in study.seeds:
        rule = "an arm must not be judged on the seed that its settings were chosen on"
        raise StudyError(("tune", "seed"), f"{rule} (given: {tune.seed}); allowed: none of the study's seeds")
    for name in study.base.keys() & tune.space.keys():
        raise StudyError(("base", name), f"{name} is tuned, so that it has no value here", of_key=True)


def _tuning(study: Study, tune: Tune, arm: Arm) -> Search:
    for name in (*arm.overrides, "training.epochs"):
        if name in tune.space:
            fact = f"the arm {shown(arm.name)} sets {name}, so that tuning must not choose it"
            raise StudyError(("tune", "space", name), f"{fact}; allowed: other settings", of_key=True)
    own = study.base | arm.overrides
    base = own | {"training.epochs": tune.epochs}
    try:
        check_space(tune.space, own, ("space",))  # what is chosen is then trained for the study's own epochs
        return Search(
            name=study.name,
            question=study.question,
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
        place: Steps = ("tune", *error.path) if error.path[0] == "space" else ("tune", "epochs")
        raise StudyError(place, f"{error.message} (tuning the arm {shown(arm.name)})", of_key=error.of_key) from None
