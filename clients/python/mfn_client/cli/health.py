"""`mfn health`."""

from dataclasses import replace
from typing import Annotated

import typer

from mfn_client.cli.connection import connected
from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json

NAME = "health"
DEFAULT_SERVER = "localhost:50051"
"""One inside this process would only tell of itself."""


@connecting
def command(
    connection: Connection,
    service: Annotated[
        str, typer.Argument(help="A service, for instance mfn.v1.SimulationService. Default: all.")
    ] = "",
    json: Json = False,
) -> None:
    """What a server's health service says (default: localhost:50051); the exit code is 1 unless it is SERVING."""
    with connected(replace(connection, server=connection.server or DEFAULT_SERVER)) as client:
        status = client.health(service)
    if json:
        emit_json({"service": service, "status": status})
    else:
        console().print(status)
    if status != "SERVING":
        raise typer.Exit(1)
