"""The tables of a grid's page."""

from ablate.reporting.markup.numbers import format_percent
from ablate.reporting.study.grid_tables import shares_table
from ablate.reporting.study.model import build
from tests.helpers.fabricated import fabricate, grid_score, grid_study


def test_each_share_of_the_variance_has_its_error_in_the_next_cell() -> None:
    study = grid_study(seeds=4)
    grid = build(study, fabricate(study, grid_score)).grid
    assert grid
    *shares, unexplained = shares_table(grid).rows
    expected = [(format_percent(share.omega_squared), format_percent(share.error)) for share in grid.shares]
    assert [tuple(map(str, line[-2:])) for line in shares] == expected
    assert str(unexplained[-1]) == ""
    assert any(share.error > 0 for share in grid.shares)
