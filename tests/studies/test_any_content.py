"""Any content of a file gives a study, or an error about the file."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ablate.errors import AblateError
from ablate.settings import DEFAULTS
from ablate.studies.loading import KEYS, load_study
from ablate.studies.planning import Design
from tests.helpers.study_files import AXES, GRID, NAMED

relaxed = hypothesis_settings(deadline=None, suppress_health_check=list(HealthCheck))


def outcome(path: Path, content: bytes) -> Design | str:
    path.write_bytes(content)
    try:
        return load_study(path)
    except AblateError as error:
        return str(error)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "study.yaml"


TOKENS = [
    *"!&*?:-[]{}'\"|>#%@`~,\t\n\\\x00\x85\u2028é",
    *("\n\n", "---\n", "...\n", "? ", ": ", "- ", "!x ", "&a ", "*a", "<<: ", "%YAML 1.1\n---\n", "design: grid\n"),
    *("0x", "0o7", "0b_", "1_0", "1e5", ".nan", "-.inf", "null", "true", "2001-01-01", '"\\ud800"'),
    *("model.heads", "seeds", "arms", "vary", "reference", "metric", "expect", "verdict"),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid study with some parts cut out, doubled, or replaced by difficult YAML."""
    text = draw(st.sampled_from([AXES, NAMED, GRID]))
    for _ in range(draw(st.integers(1, 4))):
        start, length = draw(st.integers(0, len(text))), draw(st.integers(0, 12))
        new = draw(st.sampled_from(TOKENS) | st.text(max_size=3) | st.just(text[start : start + 2 * length]))
        text = text[:start] + new + text[start + length :]
    return text.encode()


plain = (
    st.none() | st.booleans() | st.integers(-9, 999) | st.floats() | st.text(max_size=5) | st.sampled_from([*DEFAULTS])
)
data = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*DEFAULTS]) | st.text(), inner)
)


@st.composite
def replaced(draw: st.DrawFn) -> bytes:
    """A valid study with the values of some keys replaced by arbitrary data."""
    study = {"question": "q", "vary": {"model.heads": [2, 4]}, "reference": {"model.heads": 4}, "seeds": 2, "margin": 1}
    study |= draw(st.dictionaries(st.sampled_from(KEYS), data, min_size=1, max_size=3))
    return json.dumps(study, ensure_ascii=False).replace("NaN", ".nan").replace("Infinity", ".inf").encode()


@pytest.mark.parametrize("contents", [st.binary(), st.text().map(str.encode), mutated(), replaced()], ids=repr)
def test_any_content_gives_a_study_or_an_error_about_the_file(contents: st.SearchStrategy[bytes], path: Path) -> None:
    @relaxed
    @given(contents)
    def check(content: bytes) -> None:
        found = outcome(path, content)
        assert isinstance(found, Design) or found.startswith(f"{path}:")

    check()
