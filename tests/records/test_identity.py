"""The id of a record is drawn once, and drawing it disturbs nothing that another thread is writing."""

from pathlib import Path

from ablate.records.identity import record_id


def test_a_record_keeps_its_id_and_two_records_have_different_ones(tmp_path: Path) -> None:
    one, two = record_id(tmp_path / "one"), record_id(tmp_path / "two")
    assert record_id(tmp_path / "one") == one != two


def test_a_file_that_is_being_written_stays(tmp_path: Path) -> None:
    """The mirror draws the id in a thread of its own, while the sweep writes `running.json`."""
    unfinished = tmp_path / ".running.json.7.tmp"
    unfinished.write_text("{")
    record_id(tmp_path)
    assert unfinished.exists()
