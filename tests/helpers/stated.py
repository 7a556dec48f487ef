"""Studies that are stated in Python."""

from typing import Any

from ablate.studies.planning import Design
from ablate.studies.study import Study


def study_of(**keys: Any) -> Design:
    return Design.of(stated(**keys))


def stated(**keys: Any) -> Study:
    facts: dict[str, Any] = {"name": "a-study", "question": "Does it matter?", "seeds": 2, "margin": 0.25}
    return Study(**facts | keys)
