"""`ablate slurm` prints a script that bash and sbatch read as it is meant, and refuses the rest in one line."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.errors import AblateError
from ablate.executors.slurm import MIN_SECONDS, RULES, SlurmJob, seconds_of
from tests.helpers.commands import typed
from tests.helpers.searches import write_tiny_search
from tests.helpers.tiny import write_tiny_study

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=20)


def options_of(script: str) -> dict[str, str]:
    """What sbatch reads: the lines that begin with #SBATCH, before the first command."""
    head = script.split("\nexport ")[0]
    words = [shlex.split(line)[1] for line in head.splitlines() if line.startswith("#SBATCH")]
    return {name: value for name, _, value in (word.removeprefix("--").partition("=") for word in words)}


def printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str, study: str = "tiny.yaml"
) -> str:
    assert typed("slurm", study, *words, monkeypatch=monkeypatch) == 0
    return capsys.readouterr().out


def test_the_script_has_what_was_typed(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(workplace)
    words = "--nodes 4 --time 1-04:00:00 --partition gpu,fast --account lab --gpus-per-node a100:2 --cpus-per-task 8"
    script = printed(capsys, monkeypatch, *words.split(), "--per-gpu", "3")
    options = options_of(script)
    typed_options = {words[2:]: value for words, value in zip(words.split()[::2], words.split()[1::2], strict=True)}
    assert {name: options.pop(name) for name in typed_options} == typed_options
    assert options == {
        "job-name": "ablate-tiny",
        "ntasks-per-node": "1",
        "exclusive": "",
        "mem": "0",
        "signal": "B:USR1@120",
        "requeue": "",
        "open-mode": "append",
    }
    assert "\nablate sweep tiny.yaml --executor ray --per-gpu 3 &\n" in script


def test_a_search_is_a_search(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_tiny_search(workplace)
    script = printed(capsys, monkeypatch, "--nodes", "1", "--time", "1:00:00", study=path.name)
    assert f"\nablate search {path.name} --executor ray &\n" in script


def test_the_job_runs_in_the_folder_of_the_project(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (".git", ".ablate", "studies"):
        (workplace / folder).mkdir()
    write_tiny_study(workplace / "studies")
    monkeypatch.chdir(workplace / "studies")
    script = printed(capsys, monkeypatch, "--nodes", "1", "--time", "1:00:00")
    assert f"\nexport FOLDER={workplace}\n" in script
    assert "\nablate sweep studies/tiny.yaml --executor ray &\n" in script


@settings(max_examples=50, deadline=None)
@given(file=NAMES, folder=NAMES)
def test_bash_reads_any_name_as_it_is(file: str, folder: str) -> None:
    job = SlurmJob(("ablate", "sweep", file), "tiny", Path("/home") / folder, 1, "1:00:00")
    lines = job.script().split("\n\n", 1)[1]
    command = lines.rpartition("\nablate sweep ")[2].partition(" &\nsweep=$!")[0]
    where = lines.partition("export FOLDER=")[2].partition("\nexport STATE=")[0]
    program = f"printf '%s\\0' {command} {where}"
    done = subprocess.run(["bash", "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:2] == [file, str(Path("/home") / folder)]


def test_bash_finds_no_mistake_in_the_script() -> None:
    script = SlurmJob(("ablate", "sweep", "a b.yaml"), "a", Path("/home/a b"), 2, "1:00:00").script()
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=True)
    assert done.stderr == ""


@given(days=st.integers(0, 365), rest=st.integers(0, 86_399))
def test_a_time_is_read_as_it_is_written(days: int, rest: int) -> None:
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    assert seconds_of(f"{days}-{clock}") == 86_400 * days + rest
    assert seconds_of(clock) == rest


@pytest.mark.parametrize(
    "time", ["4h", "90", "1:00", "1:60:00", "0:00:61", "-1:00:00", "1-2", "١:00:00", "1:00:00\n", ""]
)
def test_another_form_of_a_time_is_refused(time: str) -> None:
    with pytest.raises(AblateError) as error:
        SlurmJob(("ablate",), "tiny", Path(), 1, time)
    assert str(error.value) == f"--time {time!r}: not a time; allowed: H:MM:SS or D-HH:MM:SS, e.g. 4:00:00"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("partition", "a b"),
        ("partition", "gpu\n#SBATCH --uid=0"),
        ("account", ""),
        ("gpus-per-node", "0"),
        ("gpus-per-node", "a100:"),
        ("gpus-per-node", "many"),
        ("cpus-per-task", "0"),
    ],
)
def test_a_value_that_sbatch_would_misread_is_refused(option: str, value: str) -> None:
    with pytest.raises(AblateError) as error:
        SlurmJob(("ablate",), "tiny", Path(), 1, "1:00:00", {option: value})
    assert str(error.value) == f"--{option} {value!r}: not valid; allowed: {RULES[option][1]}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--nodes 1 --time 4h", "--time '4h': not a time; allowed: H:MM:SS or D-HH:MM:SS, e.g. 4:00:00"),
        ("--nodes 1 --time 0:04:59", "--time 0:04:59: too short; allowed: at least 0:05:00"),
        ("--nodes 0 --time 1:00:00", "Invalid value for '--nodes'"),
        ("--nodes 1 --time 1:00:00 --submit", "--submit: this machine has no sbatch; type the command where jobs are"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_submitted(
    words: str,
    message: str,
    workplace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_tiny_study(workplace)
    monkeypatch.setenv("PATH", str(workplace))
    assert typed("slurm", "tiny.yaml", *words.split(), monkeypatch=monkeypatch) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err


def test_a_study_with_a_mistake_is_not_submitted(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(workplace, seeds="none")
    assert typed("slurm", "tiny.yaml", "--nodes", "1", "--time", "1:00:00", monkeypatch=monkeypatch) == 2
    assert re.match(r"error: tiny\.yaml:\d+:\d+: ", capsys.readouterr().err)


def test_without_ray_the_error_says_how_to_install_it(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(workplace)
    monkeypatch.setattr("ablate.executors.slurm.find_spec", lambda name: None)
    assert typed("slurm", "tiny.yaml", "--nodes", "1", "--time", "1:00:00", monkeypatch=monkeypatch) == 2
    assert "pip install 'ablate[ray]'" in capsys.readouterr().err


def test_sbatch_gets_the_script(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(workplace)
    words = ("--nodes", "2", "--time", "1:00:00")
    script = printed(capsys, monkeypatch, *words)
    sbatch = workplace / "sbatch"
    sbatch.write_text(f"#!{sys.executable}\nimport sys\nopen('got', 'w').write(sys.stdin.read())\nprint('Submitted')\n")
    sbatch.chmod(0o700)
    monkeypatch.setenv("PATH", str(workplace))
    assert printed(capsys, monkeypatch, *words, "--submit") == "Submitted\n"
    assert (workplace / "got").read_text() == script


def test_the_shortest_time_leaves_room_to_train() -> None:
    assert seconds_of("0:05:00") == MIN_SECONDS
    assert SlurmJob(("ablate",), "tiny", Path(), 1, "0:05:00").nodes == 1
