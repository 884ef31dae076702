"""`mfn serve`: run a server."""

import os
import sys
from typing import Annotated

import typer


def serve(
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one. Default: MFN_PORT or 50051.")
    ] = None,
    services: Annotated[
        str | None, typer.Option(help="Services to offer, between commas. Default: MFN_SERVICES or all.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Server processes behind the one port. Default: MFN_WORKERS or 1.")
    ] = None,
) -> None:
    """Run a server until it is interrupted. Settings are MFN_* variables; MFN_ENV=dev for a first try."""
    from mfn_server.__main__ import main  # noqa: PLC0415  # `mfn --help` must not load the server

    if port is not None:
        os.environ["MFN_PORT"] = str(port)
    given = {"--services": services, "--workers": workers}
    sys.exit(main([str(word) for name, value in given.items() if value is not None for word in (name, value)]))
