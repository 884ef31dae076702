"""`mfn federation delete`."""

from typing import Annotated

import typer

from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json

NAME = "delete"


@connecting
def command(
    connection: Connection,
    federation: FederationName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """End a federation and delete its models and records."""
    with named_server(connection) as client:
        found = client.get_federation(federation)
        if not (yes or json):
            typer.confirm(f"Delete {found.name} with {found.stored_bytes:,} bytes of models and records?", abort=True)
        client.delete_federation(federation, uid=found.uid)
    if json:
        emit_json({"deleted": found.name, "uid": found.uid})
    else:
        console().print(f"{found.name} is deleted.")
