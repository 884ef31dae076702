"""`mfn federation remove`."""

from typing import Annotated

import typer

from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json

NAME = "remove"


@connecting
def command(
    connection: Connection,
    federation: FederationName,
    participant: Annotated[str, typer.Argument(metavar="PARTICIPANT", help="The name it was enrolled with.")],
    json: Json = False,
) -> None:
    """Remove a participant and end its session; what it was acknowledged still counts."""
    with named_server(connection) as client:
        name = client.get_federation(federation).name
        client.remove_participant(federation, participant)
    if json:
        emit_json({"removed": participant, "federation": name})
    else:
        console().print(f"{participant} is removed from {name}.", soft_wrap=True)
