"""What a study can decide before it runs, judged by made-up runs of other studies."""

from pathlib import Path

import numpy as np
import pytest

from ablate.cli._prospects import median_text
from ablate.pipeline.prospects import find_differing, find_prospects, find_similar
from ablate.records.record import Record
from ablate.reporting.study.data import write
from ablate.statistics.multiplicity import Family, spend
from ablate.studies.loading import load_study
from ablate.studies.planning import Cell, Design
from ablate.studies.seeds import Until
from tests.helpers.commands import typed
from tests.helpers.fabricated import fabricate
from tests.helpers.parts import GATE, HELPER, write_parts_study
from tests.helpers.tiny import write_tiny_study


def recorded(name: str, sd: float, **replace: str) -> Design:
    """A study whose report holds made-up runs: the second arm is better by 1 dB, give or take `sd`."""
    design = load_study(write_tiny_study(Path(), f"{name}.yaml", **({"seeds": "6"} | replace)))

    def score(cell: Cell) -> float:
        noise = float(np.random.default_rng(cell.seed).normal())
        return 25.0 + noise + (1.0 + sd * (-1) ** cell.seed if cell.arm.against else 0.0)

    write(design, fabricate(design, score), Path("reports") / name)
    return design


def planned(**replace: str) -> Design:
    """A study that nobody has run: at another rate, so it shares no run with those of `recorded`."""
    arms = "{slow: {training.rate: 0.01}, fast: {training.rate: 0.02}}"
    path = write_tiny_study(Path(), "planned.yaml", **({"arms": arms, "reference": "slow"} | replace))
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith("  with")) + "\n")
    return load_study(path)


def test_without_recorded_runs_nothing_is_known(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert find_prospects(planned(), Record()) is None
    recorded("two_seeds", 0.1, seeds="2")
    assert find_prospects(planned(), Record()) is None
    assert typed("sweep", "planned.yaml", "--dry-run", "--device", "cpu", monkeypatch=monkeypatch) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "What this study can decide is not known" in out
    assert median_text(planned().family) in out


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ((5,), "There are too few seeds to show"),
        ((6,), "There are enough seeds to show"),
        ((3, 5, 8, 12), "Only the looks at 8 and 12 seeds can show"),
        ((3, 9), "Only the look at 9 seeds can show"),
        ((8, 16), "Each look has enough seeds to show"),
        ((3, 5), "No look has enough seeds to show"),
    ],
)
def test_a_dry_run_says_which_looks_can_show_the_median(looks: tuple[int, ...], said: str) -> None:
    text = median_text(Family((("a", "reference"),), spend(looks)))
    assert text.startswith(f"{said} whether better or worse also holds for the median seed, whatever the noise")
    assert text.endswith(": a single look needs at least 6 of them.") == ("too few" in said or "No look" in said)


def test_a_study_is_judged_by_the_most_similar_runs(workplace: Path) -> None:
    near = recorded("near", 0.3)
    text = write_tiny_study(Path(), "far.yaml", seeds="6").read_text()
    Path("far.yaml").write_text(text.replace("training.scenes: 64", "training.scenes: 128"))
    far = load_study("far.yaml")
    write(far, fabricate(far, lambda cell: 25.0 + 3.0 * cell.seed * bool(cell.arm.against)), Path("reports/far"))
    design = planned()
    assert find_differing(near, design) == {}
    assert find_differing(far, design) == {"training.scenes": (128, 64)}
    similar = find_similar(design, Record())
    assert similar is not None
    assert similar.studies == ["near"]
    assert [comparison.sd for comparison in similar.comparisons] == pytest.approx([0.3 * np.sqrt(6 / 5)])
    assert not similar.other_conditions


def test_a_study_with_enough_seeds_is_judged_by_its_own_runs(workplace: Path) -> None:
    recorded("near", 0.3)
    similar = find_similar(recorded("own", 0.7, question="Again?"), Record())
    assert similar is not None
    assert similar.studies == ["own"]


def test_it_is_a_guess_where_the_training_or_the_task_is_another(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded("near", 0.3)
    planned()
    text = Path("planned.yaml").read_text().replace("training.epochs: 2", "training.epochs: 4")
    Path("planned.yaml").write_text(text)
    assert typed("sweep", "planned.yaml", "--dry-run", "--device", "cpu", monkeypatch=monkeypatch) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Estimated from 1 recorded comparison of 6 seeds in near" in shown
    assert "since those runs were trained differently or on another task: training.epochs 2 instead of 4." in shown


def test_another_network_is_named_but_is_no_other_condition(workplace: Path) -> None:
    recorded("near", 0.3)
    planned()
    Path("planned.yaml").write_text(Path("planned.yaml").read_text().replace("model.width: 8", "model.width: 16"))
    similar = find_similar(load_study("planned.yaml"), Record())
    assert similar is not None
    assert similar.differing == {"model.width": (8, 16)}
    assert not similar.other_conditions


@pytest.mark.parametrize(("seeds", "kind"), [("6", Until), ("{from: 3, to: 12}", int)])
def test_the_other_way_to_choose_seeds_takes_at_most_as_many_runs(workplace: Path, seeds: str, kind: type) -> None:
    recorded("near", 0.3)
    found = find_prospects(planned(seeds=seeds), Record())
    assert found is not None
    assert found.other is not None
    assert isinstance(found.other.seeds, kind)
    assert found.other.prospect.runs <= found.asked.prospect.runs


def test_less_noise_finds_smaller_differences_and_needs_fewer_seeds(workplace: Path) -> None:
    recorded("quiet", 0.1)
    recorded("noisy", 0.6, question="Again?")
    found = find_prospects(planned(seeds="5"), Record())
    assert found is not None
    quiet, middle, noisy = found.resolutions
    assert quiet.sd < middle.sd < noisy.sd
    assert 0.25 <= quiet.found < middle.found < noisy.found
    assert quiet.equivalence < noisy.equivalence


def test_looking_at_other_studies_executes_none_of_their_own_parts(workplace: Path) -> None:
    recorded("near", 0.3)
    write_parts_study(Path(), gate=f"from pathlib import Path\n\nPath('executed').touch()\n{GATE}", helper=HELPER)
    similar = find_similar(planned(), Record())
    assert similar is not None
    assert similar.studies == ["near"]
    assert not Path("executed").exists()


def test_settings_of_a_part_that_only_one_study_has_differ(workplace: Path) -> None:
    near = recorded("near", 0.3)
    arms = "arms: {gate: {model.attention: gate}, softmax: {}}\nreference: gate\n"
    with_parts = load_study(write_parts_study(Path(), arms))
    for there, here, values in ((near, with_parts, (None, 2)), (with_parts, near, (2, None))):
        assert find_differing(there, here)["parts.gate.rank"] == values
    assert find_similar(with_parts, Record()) is not None


def test_a_file_that_cannot_be_read_as_a_study_is_left_out(workplace: Path) -> None:
    recorded("near", 0.3)
    Path("broken.yaml").write_text("question: {")
    similar = find_similar(planned(), Record())
    assert similar is not None
    assert similar.studies == ["near"]
