"""The content of pictures is read once, when a study is loaded; settings and workers read no folder."""

from pathlib import Path

import pytest

from ablate.overrides import resolve
from ablate.settings import Run
from ablate.studies import contents
from ablate.studies.loading import load_search, load_study
from tests.helpers.pictures import PICTURES, write_picture_study, write_pictures


def test_settings_are_checked_without_a_folder() -> None:
    settings = resolve(PICTURES | {"data.path": "there/is/none"})
    assert settings.data.content == ""
    assert Run.model_validate(settings.run(0).model_dump()) == settings.run(0)


def test_runs_without_a_content_are_of_their_folders() -> None:
    one, other = (resolve(PICTURES | {"data.path": path}).run(0).id for path in ("here", "there"))
    omitted = resolve(PICTURES | {"data.path": "here", "data.omit": ["p1.png"]}).run(0).id
    assert len({one, other, omitted}) == 3


def test_a_study_has_the_content_of_its_pictures_and_keeps_it_when_it_is_resolved_again(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(workplace / "pics")
    design = load_study(write_picture_study(workplace))
    found = {arm.settings.data.content for arm in design.arms}
    assert len(found) == 1
    assert "" not in found
    monkeypatch.setattr(contents, "content_of", None)  # any further reading fails
    again = design.with_changes(requested_seeds=3)
    assert {arm.settings.data.content for arm in again.arms} == found
    assert {run.id for run in design.runs} < {run.id for run in again.runs}


def test_a_recorded_run_is_resolved_without_its_folder(workplace: Path) -> None:
    write_pictures(workplace / "pics")
    run = load_study(write_picture_study(workplace)).runs[0]
    (workplace / "pics").rename(workplace / "elsewhere")
    assert Run.model_validate_json(run.model_dump_json()).id == run.id


def test_arms_that_leave_out_other_files_have_other_contents(workplace: Path) -> None:
    write_pictures(workplace / "pics")
    path = write_picture_study(workplace)
    path.write_text(
        path.read_text()
        .replace("model.skip: none", "data.omit: [p1.png]")
        .replace("margin", "metric: test/gain\nmargin")
    )
    assert len({arm.settings.data.content for arm in load_study(path).arms}) == 2


def test_a_search_has_the_content_of_its_pictures_and_its_id_does_not_depend_on_their_place(workplace: Path) -> None:
    write_pictures(workplace / "pics")
    base = "".join(f"  {name}: {value}\n".replace("'", "") for name, value in PICTURES.items())
    path = workplace / "find.yaml"
    path.write_text(f"question: Which?\nbase:\n{base}space: {{model.skip: [both, none]}}\ntrials: 2\n")
    search = load_search(path)
    (workplace / "pics").rename(workplace / "moved")
    path.write_text(path.read_text().replace("data.path: pics", "data.path: moved"))
    assert load_search(path).id == search.id
    (workplace / "moved" / "p9.png").write_bytes((workplace / "moved" / "p1.png").read_bytes())
    (workplace / "moved" / "p1.png").unlink()
    assert load_search(path).id == search.id
    write_pictures(workplace / "moved", 1, start=40)
    assert load_search(path).id != search.id
