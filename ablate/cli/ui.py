"""`ablate ui`: MLflow's page on this folder's runs."""

from __future__ import annotations

from typing import Annotated

import typer

from ablate.cli._shared import OptionalFile, app, out, terminal
from ablate.errors import AblateError
from ablate.tracking.connection import PORT


@app.command()
def ui(
    study_file: OptionalFile = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port, on this machine only.")] = PORT,
) -> None:
    """Show the runs in MLflow, in the browser.

    It serves this folder's runs, or those of one study or search, on this machine only, until Ctrl-C. If MLflow is a
    tracking server, it prints the server's address instead.
    """
    from ablate.records.record import Record
    from ablate.studies.loading import load
    from ablate.tracking.comparison import comparison_page
    from ablate.tracking.connection import is_remote, page, server_address, store_exists
    from ablate.tracking.server import HOST, serving

    if not store_exists():
        raise AblateError("no runs in this folder yet; `ablate sweep STUDY` trains some")
    page_of_study = page()
    if study_file:
        study = load(study_file).name
        terminal.warn(f"Looking for {study} in MLflow ...")
        page_of_study = comparison_page(study, Record())
    if is_remote():
        out.print(f"MLflow is a server (MLFLOW_TRACKING_URI): {server_address()}/{page_of_study}", soft_wrap=True)
        return
    terminal.warn("Starting MLflow's server on this machine, which takes some seconds ...")
    try:
        with serving(port) as server:
            out.print(f"MLflow: http://{HOST}:{port}/{page_of_study}\nPress Ctrl-C to stop it.", soft_wrap=True)
            server.wait()
    except KeyboardInterrupt:
        return
    raise AblateError("MLflow's server has stopped unexpectedly")
