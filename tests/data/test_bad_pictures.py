"""What cannot be trained on is refused when the study is loaded, in one message with the file and the rule."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ablate
from ablate.data.kept import listed
from ablate.errors import AblateError
from ablate.pipeline.terminal import Terminal
from ablate.studies.loading import load_study
from tests.helpers.commands import typed
from tests.helpers.pictures import picture_task, smooth, write_picture_study, write_pictures

Spoil = Callable[[Path], None]


def grey(path: Path, number: int = 50, **size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(smooth(number, **size)).save(path)


def empty(pics: Path) -> None:
    for path in pics.iterdir():
        path.rename(path.with_suffix(".txt"))


def only_one(pics: Path) -> None:
    for path in sorted(pics.iterdir())[1:]:
        path.unlink()


def colour(pics: Path) -> None:
    Image.fromarray(smooth(50, channels=3)).save(pics / "colour.png")


def cut_short(pics: Path) -> None:
    content = (pics / "p1.png").read_bytes()
    (pics / "p1.png").write_bytes(content[: len(content) // 2])


def not_a_picture(pics: Path) -> None:
    (pics / "p1.png").write_bytes(b"hello")


def palette(pics: Path) -> None:
    Image.fromarray(smooth(50)).convert("P").save(pics / "palette.png")


def alpha(pics: Path) -> None:
    Image.fromarray(smooth(50, channels=3)).convert("RGBA").save(pics / "alpha.png")


def small(pics: Path) -> None:
    grey(pics / "small.png", height=15, width=40)


def without_partner(pics: Path) -> None:
    pairs(pics)
    (pics / "noisy" / "p2.png").unlink()


def other_size(pics: Path) -> None:
    pairs(pics)
    grey(pics / "noisy" / "p2.png", height=25)


def pairs(pics: Path) -> None:
    shutil.rmtree(pics)
    write_pictures(pics / "clean")
    write_pictures(pics / "noisy", start=0)


def two_shots(pics: Path) -> None:
    pairs(pics)
    shutil.copy(pics / "clean" / "p2.png", pics / "clean" / "p9.png")
    grey(pics / "noisy" / "p9.png", 90)


def only_noisy(pics: Path) -> None:
    pairs(pics)
    shutil.rmtree(pics / "clean")


def copies(pics: Path) -> None:
    shutil.copy(pics / "p1.png", pics / "p9.png")


def two_splits(pics: Path) -> None:
    write_pictures(pics / "train")
    write_pictures(pics / "test", start=10)


def absent(pics: Path) -> None:
    shutil.rmtree(pics)


def a_file(pics: Path) -> None:
    shutil.rmtree(pics)
    pics.write_text("")


def floats(pics: Path) -> None:
    np.save(pics / "bright.npy", smooth(50).astype(np.float32))


def not_finite(pics: Path) -> None:
    np.save(pics / "nan.npy", np.full((24, 30), np.nan))


BAD: dict[str, tuple[Spoil, str]] = {
    "no pictures": (empty, r"pics: has no pictures; allowed: files that end with \.png"),
    "one picture": (only_one, "pics: only 1 picture; one or more each for training, validation and test"),
    "mixed channels": (colour, r"\.png: (1 channel|3 channels), but \S+\.png has (3 channels|1 channel); all pictures"),
    "cut short": (cut_short, r"p1\.png: not a complete PNG file"),
    "no picture at all": (not_a_picture, r"p1\.png: not a complete PNG file"),
    "a palette": (palette, r"palette\.png: a palette picture; allowed: grey or RGB"),
    "an alpha channel": (alpha, r"alpha\.png: a picture with an alpha channel; allowed: grey or RGB"),
    "smaller than the crop": (small, r"small\.png: 15 x 40 pixels, smaller than the crops of 16 x 16"),
    "no partner": (without_partner, r"clean/p2\.png: has no partner 'p2\.png' in .*noisy"),
    "a partner of another size": (other_size, r"p2\.png: the clean and the noisy picture have different sizes"),
    "two noisy pictures of one": (two_shots, r"p9\.png: the same picture as .*p2\.png; several noisy pictures of one"),
    "half of the pairs": (only_noisy, r"pics: has noisy/ but not clean/; pairs need both"),
    "copies": (copies, r"p9\.png: the same picture as .*p1\.png; remove one, or omit it"),
    "two of three splits": (two_splits, "pics: has train, test but not validation; allowed: all three"),
    "no folder": (absent, "pics: the folder does not exist"),
    "a file in place of a folder": (a_file, "pics: not a folder"),
    "floats beyond the range": (floats, r"bright\.npy: float pixels from .* outside 0 to 1; give their range"),
    "pixels that are not finite": (not_finite, r"nan\.npy: pixels that are NaN or infinite"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_are_refused_with_the_file_the_rule_and_the_line_of_the_study(name: str, workplace: Path) -> None:
    spoil, message = BAD[name]
    spoil(write_pictures(workplace / "pics"))
    noise = "[]" if spoil in (without_partner, other_size, two_shots, only_noisy) else "[gaussian]"
    with pytest.raises(AblateError, match=message) as caught:
        load_study(write_picture_study(workplace, data__noise=noise))
    text = str(caught.value)
    assert "\n" not in text
    assert "pictures.yaml:" in text.split(": ")[0]


def test_a_sweep_of_bad_pictures_ends_before_any_training_and_without_a_traceback(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cut_short(write_pictures(workplace / "pics"))
    write_picture_study(workplace)
    assert typed("sweep", "pictures.yaml", "--executor", "inprocess", monkeypatch=monkeypatch) == 2
    captured = capsys.readouterr()
    assert "p1.png" in captured.err.replace("\n", "")
    assert "Traceback" not in captured.out + captured.err
    assert not (workplace / ".ablate" / "runs").exists()


@pytest.mark.parametrize("spoil", [cut_short, palette, small, floats])
def test_a_broken_file_is_skipped_only_on_request(spoil: Spoil, workplace: Path) -> None:
    spoil(write_pictures(workplace / "pics"))
    names = "[p1.png, palette.png, small.png, bright.npy]"
    present = [name for name in names.strip("[]").split(", ") if (workplace / "pics" / name).exists()]
    design = load_study(write_picture_study(workplace, data__omit=f"[{', '.join(present)}]"))
    assert all(Path(file.path).name not in present for file in listed(design.runs[0].data))


def test_only_a_file_that_is_there_can_be_skipped(workplace: Path) -> None:
    write_pictures(workplace / "pics")
    with pytest.raises(AblateError, match=r"pics: has no file 'q1\.png' to omit; did you mean 'p1\.png'"):
        load_study(write_picture_study(workplace, data__omit="[q1.png]"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data__noise": "[]"}, "these pictures are clean, so data.noise is needed"),
        ({"model__channels": 3}, r"1 channel, but model\.channels is 3; allowed: 1"),
        ({"data__path": '""'}, r"data\.source: images needs data\.path"),
        ({"data__source": "scenes"}, r"data\.path has no meaning here; it goes with data\.source: images"),
        ({"data__cells.density": 0.01}, r"data\.cells has no meaning here; it goes with data\.source: scenes"),
        ({"data__split": "[0.5, 0.5, 0.5]"}, "the three fractions must add up to 1, not 1.5"),
        (
            {"data__range": "[5, 5]"},
            r"data\.range: the low end of data\.range must be below its high end \(given: \[5, 5",
        ),
        ({"data__range": "[9, 5]"}, r"data\.range: the low end of data\.range must be below its high end"),
        ({"data__range": "full"}, r"data\.range: must be `type` or two numbers, \[low, high\] \(given: 'full'\)"),
        ({"data__range": "[0, 1.0e-9]"}, r"far outside 0 to 1e-09; give a range that most pixels are in"),
        ({"data__gaussian.sigma": 0}, r"data\.gaussian\.sigma: must be a number from 0\.001 to 1,000,000, or a range"),
        ({"data__gaussian.sigma": "[50, 5]"}, "the low end of a range must not be above its high end"),
        (
            {"data__poisson.photons": 9},
            r"data\.poisson changes nothing, since data\.noise does not list poisson; remove",
        ),
        ({"data__filled.density": 0.1}, r"data\.filled changes nothing, since data\.noise does not list rectangles"),
        ({"data__noise": "[poisson]", "data__poisson.photons": 0}, r"data\.poisson\.photons: must be a number from"),
        (
            {"data__noise": "[poisson]", "data__poisson.photons": 1.0e30},
            r"data\.poisson\.photons: must be a number from",
        ),
        ({"data__content": '"0123456789abcdef"'}, "the content of its pictures is [0-9a-f]{16}, not 0123456789abcdef"),
    ],
)
def test_settings_that_do_not_fit_the_pictures_are_refused(
    changes: dict[str, Any], message: str, workplace: Path
) -> None:
    write_pictures(workplace / "pics")
    with pytest.raises(AblateError, match=message):
        load_study(write_picture_study(workplace, **changes))


def test_pairs_have_their_noise_already(workplace: Path) -> None:
    write_pictures(workplace / "pics")
    pairs(workplace / "pics")
    with pytest.raises(AblateError, match=r"pairs have their noise in the folder noisy/; remove data\.noise"):
        load_study(write_picture_study(workplace))


def test_a_worker_without_the_kept_arrays_refuses_pictures_that_have_changed(workplace: Path) -> None:
    task = picture_task(write_pictures(workplace / "pics"))
    write_pictures(workplace / "pics", 1, start=70)
    with pytest.raises(
        AblateError, match=r"pics: the content of its pictures is .*: they have changed since the runs were planned"
    ):
        listed(task.data)


def test_the_path_of_pictures_is_relative_to_the_study_file(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(workplace / "studies" / "pics")
    path = write_picture_study(workplace / "studies")
    ids = [run.id for run in load_study(path).runs]
    monkeypatch.chdir(workplace / "studies")
    assert [run.id for run in load_study(path.name).runs] == ids


def test_a_folder_that_changes_while_a_sweep_runs_is_named_at_its_end(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(workplace / "pics")
    design = load_study(write_picture_study(workplace))
    grey(workplace / "pics" / "p2.png", 80)
    said: list[str] = []
    monkeypatch.setattr(Terminal, "warn", lambda self, text: said.append(text))
    result = ablate.sweep(design, executor="inprocess")
    assert [*result.results.status] == ["finished"] * 4  # on the pictures as they were
    (warning,) = said
    assert "p2.png: changed while the sweep ran. These runs are of the pictures as they were" in warning
    assert "p1.png" not in warning
