"""Where numbers come from; the searches are read by MLflow's own parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils.search_utils import SearchUtils

from ablate.reporting.origins import arm_search, environment_warnings, experiment_address, provenance
from ablate.reporting.study.data import Data
from tests.helpers import fabricated

STUDY = fabricated.grid_study()


@pytest.fixture
def data() -> Data:
    return fabricated.fabricate(STUDY, fabricated.grid_score)


def test_provenance_is_what_the_runs_recorded(data: Data) -> None:
    data.runs.loc[3, "env/torch"] = "2.13.0"
    assert provenance(data.runs)["torch"] == "2.13.0, 2.14.1"


def test_runs_that_were_trained_alike_give_no_warning(data: Data) -> None:
    assert environment_warnings(data.runs, STUDY.against) == []


def test_a_comparison_across_devices_gives_a_warning(data: Data) -> None:
    data.runs.loc[data.runs.arm == "width=32, depth=4", "env/device"] = "a GPU"
    assert environment_warnings(data.runs, STUDY.against) == [
        "Runs that are compared with each other were trained differently: device a GPU and a processor "
        '("width=32, depth=4").'
    ]


@pytest.mark.parametrize(("commit", "warnings"), [("0123456789ab", 0), ("0123456789ab+", 1)])
def test_another_commit_gives_a_warning_only_if_it_had_uncommitted_changes(
    data: Data, commit: str, warnings: int
) -> None:
    data.runs.loc[data.runs.arm == "width=32, depth=4", "env/commit"] = commit
    assert len(environment_warnings(data.runs, STUDY.against)) == warnings


def test_a_reference_from_another_version_concerns_all_arms_that_are_compared_with_it(data: Data) -> None:
    data.runs.loc[data.runs.arm == "width=16, depth=12", "env/torch"] = "2.13.0"
    (warning,) = environment_warnings(data.runs, STUDY.against)
    assert warning.endswith('("width=16, depth=1", "width=16, depth=4" and "width=16, depth=8").')


def test_a_run_that_was_resumed_elsewhere_gives_a_warning(data: Data) -> None:
    data.runs.loc[0, "env/device"] = "a GPU up to epoch 3, then a processor"
    data.runs.loc[0, "env/commit"] = "aaa up to epoch 3, then bbb"
    (compared, resumed) = environment_warnings(data.runs, STUDY.against)
    assert "device a GPU and a processor (" in compared
    assert resumed == (
        f'The epochs of "{data.runs.arm[0]}" seed 0 were not all trained alike, since it was resumed: '
        "device a GPU up to epoch 3, then a processor and commit aaa up to epoch 3, then bbb."
    )


def test_arms_that_are_not_compared_may_differ(data: Data) -> None:
    data.runs.loc[data.runs.arm.str.startswith("width=16"), "env/torch"] = "2.13.0"
    assert environment_warnings(data.runs, STUDY.against) == []


NAMES = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="|"), min_size=1, max_size=30)


@given(NAMES.filter(lambda name: not {"'", '"'} <= set(name)))
def test_mlflow_reads_a_search_as_the_arms_name(name: str) -> None:
    (found,) = SearchUtils.parse_search_filter(arm_search(name))
    assert (found["key"], found["comparator"], found["value"]) == ("ablate.arm", "=", name)


def test_a_name_with_both_kinds_of_quotes_is_searched_by_a_pattern() -> None:
    (found,) = SearchUtils.parse_search_filter(arm_search('it\'s "it"'))
    assert (found["comparator"], found["value"]) == ("LIKE", 'it_s "it"')


def test_the_address_has_the_name_of_the_study_and_not_a_number_of_the_store() -> None:
    assert experiment_address("a.b").endswith("/#/experiments?experimentSearchFilter=a.b")
