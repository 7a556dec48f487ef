"""What the user types, one command per file. Heavy imports are in function bodies, so `ablate --help` loads none."""

from ablate.cli import denoise as denoise
from ablate.cli import describe as describe
from ablate.cli import export as export
from ablate.cli import judge as judge
from ablate.cli import new as new
from ablate.cli import prune as prune
from ablate.cli import report as report
from ablate.cli import schema as schema
from ablate.cli import search as search
from ablate.cli import slurm as slurm
from ablate.cli import status as status
from ablate.cli import sweep as sweep
from ablate.cli import sync as sync
from ablate.cli import ui as ui
from ablate.cli import verify as verify
from ablate.cli._shared import app, main

__all__ = ["app", "main"]
