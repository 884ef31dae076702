"""`mfn federation pause` and `mfn federation resume`."""

from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json


@connecting
def pause(connection: Connection, federation: FederationName, json: Json = False) -> None:
    """Let the open round end and start no other."""
    with named_server(connection) as client:
        now = client.pause_federation(federation)
    if json:
        emit_json(now)
    else:
        console().print(f"{now.name} is {now.state}.")


@connecting
def resume(connection: Connection, federation: FederationName, json: Json = False) -> None:
    """End a pause."""
    with named_server(connection) as client:
        now = client.resume_federation(federation)
    if json:
        emit_json(now)
    else:
        console().print(f"{now.name} is {now.state}.")
