"""`mfn federation delete`."""

from typing import Annotated

import typer

from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.options import ApiKey, Json, Server
from mfn_client.cli.output import console, emit_json

NAME = "delete"


def command(
    federation: FederationName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    server: Server = None,
    api_key: ApiKey = None,
    json: Json = False,
) -> None:
    """End a federation and delete its models and records."""
    with named_server(server, api_key) as client:
        found = client.get_federation(federation)
        if not (yes or json):
            typer.confirm(f"Delete {found.name} with {found.stored_bytes:,} bytes of models and records?", abort=True)
        client.delete_federation(federation, uid=found.uid)
    if json:
        emit_json({"deleted": found.name, "uid": found.uid})
    else:
        console().print(f"{found.name} is deleted.")
