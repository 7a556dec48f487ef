"""What the user types, one command a file. Heavy imports stand in the bodies: `ablate --help` loads none of them."""

from ablate.cli import describe as describe
from ablate.cli import new as new
from ablate.cli import report as report
from ablate.cli import schema as schema
from ablate.cli import search as search
from ablate.cli import status as status
from ablate.cli import sweep as sweep
from ablate.cli import sync as sync
from ablate.cli import ui as ui
from ablate.cli._shared import app, main

__all__ = ["app", "main"]
