"""How long `ablate status` takes with 10,000 recorded runs, as a user sees it: `python -m benchmarks.status`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ablate.records.files import hash_file, write_json
from ablate.records.record import CHECKSUMMED_FILES, Record
from ablate.records.requests import RequestedRuns, save_requested
from ablate.settings import dotted
from ablate.studies.loading import load_study
from ablate.tracking.sync_notes import save

STUDY = f"""\
question: What does a big study cost?
vary:
  training.rate: {[round(0.0001 * step, 4) for step in range(1, 101)]}
  model.depth: {[*range(1, 11)]}
reference: {{training.rate: 0.001, model.depth: 1}}
seeds: 10
margin: 0.25
"""
RESULTS = {f"{kind}/{score}": 20.0 for kind in ("test", "last") for score in ("mse", "psnr", "ssim", "gain")}
COMMAND = [sys.executable, "-c", "from ablate.cli import main; main()", "status"]


def fill(folder: Path) -> int:
    """Record the runs of a study of 1,000 arms as if they had been swept; returns their number."""
    path = folder / "big.yaml"
    path.write_text(STUDY)
    study, record = load_study(path), Record(folder / ".ablate")
    for cell in study.cells:
        run = record.folder(cell.run.id)
        run.mkdir(parents=True)
        settings = {name: value for name, value in dotted(cell.run).items() if name != "seed"}
        (run / "weights.safetensors").write_bytes(bytes(1000))
        (run / "arrays.safetensors").write_bytes(bytes(1000))
        for name, facts in {"run.json": {"settings": settings, "began": 0.0}, "epochs.json": [RESULTS] * 30}.items():
            (run / name).write_text(json.dumps(facts))
        files = {name: hash_file(run / name) for name in CHECKSUMMED_FILES}
        facts = {"status": "finished", "results": RESULTS, "environment": {"torch": "2"}, "files": files, "ended": 0.0}
        write_json(run / "result.json", facts)
    save_requested(record.root, RequestedRuns.of(study))
    save(record.root, study.name, {cell.run.id: "FINISHED" for cell in study.cells})
    return len(study.cells)


def seconds(folder: Path, *words: str) -> float:
    """Seconds that one call takes."""
    began = time.perf_counter()
    subprocess.run([*COMMAND, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Print the time of three calls of each kind."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{fill(folder):,} runs recorded")
        for words in ((), ("--json",), ("big.yaml",)):
            times = ", ".join(f"{seconds(folder, *words):.2f}" for _ in range(3))
            print(f"ablate status {' '.join(words)}: {times} s")


if __name__ == "__main__":
    main()
