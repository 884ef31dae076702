"""`mfn federation pause` and `mfn federation resume`."""

from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.options import ApiKey, Json, Server
from mfn_client.cli.output import console, emit_json


def pause(federation: FederationName, server: Server = None, api_key: ApiKey = None, json: Json = False) -> None:
    """Let the open round end and start no other."""
    with named_server(server, api_key) as client:
        now = client.pause_federation(federation)
    if json:
        emit_json(now)
    else:
        console().print(f"{now.name} is {now.state}.")


def resume(federation: FederationName, server: Server = None, api_key: ApiKey = None, json: Json = False) -> None:
    """End a pause."""
    with named_server(server, api_key) as client:
        now = client.resume_federation(federation)
    if json:
        emit_json(now)
    else:
        console().print(f"{now.name} is {now.state}.")
