"""`ablate ui`: MLflow's page on this folder's runs."""

from __future__ import annotations

import signal
from typing import Annotated

import typer

from ablate.cli._shared import OptionalStudyFile, app, out
from ablate.errors import AblateError
from ablate.tracking.connection import PORT


@app.command()
def ui(
    study_file: OptionalStudyFile = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to serve it, on this machine only.")] = PORT,
) -> None:
    """Show the runs in MLflow, or those of one study or search, until Ctrl-C; if MLflow is a server, say where."""
    from ablate.studies.loading import load
    from ablate.tracking.comparison import comparison_page
    from ablate.tracking.connection import is_remote, page, server_address, store_exists
    from ablate.tracking.server import HOST, serving

    if not store_exists():
        raise AblateError("there are no runs in this folder yet; `ablate sweep` makes some")
    wanted = comparison_page(load(study_file).name) if study_file else page()
    if is_remote():
        out.print(f"MLflow is a server (MLFLOW_TRACKING_URI): {server_address()}/{wanted}", soft_wrap=True)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends it so means Ctrl-C
    try:
        with serving(port) as server:
            out.print(f"MLflow: http://{HOST}:{port}/{wanted}\nCtrl-C ends it.", soft_wrap=True)
            server.wait()
    except KeyboardInterrupt:
        return
    raise AblateError("MLflow's server has ended by itself")
