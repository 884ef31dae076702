"""`mfn federation upload`."""

from pathlib import Path
from typing import Annotated

import typer

from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json

NAME = "upload"


@connecting
def command(
    connection: Connection,
    federation: FederationName,
    model: Annotated[Path, typer.Argument(metavar="FILE", help="An .npz archive of floating-point arrays.")],
    json: Json = False,
) -> None:
    """Hand a federation its first model. For instance: mfn federation upload digits first.npz."""
    with named_server(connection) as client:
        ref = client.upload_model(federation, model)
    if json:
        emit_json(ref)
    else:
        console().print(f"Model {ref.version} of {federation} has the SHA-256 {ref.sha256.hex()}.", soft_wrap=True)
