"""`mfn federation enrol`."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

from pathlib import Path
from typing import Annotated

import typer

from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.failures import UsageError
from mfn_client.cli.federation.keys import private_key, public_key_of
from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json

NAME = "enrol"


@connecting
def command(
    connection: Connection,
    federation: FederationName,
    participant: Annotated[str, typer.Argument(metavar="PARTICIPANT", help="The name to enrol, such as alice.")],
    key: Annotated[
        Path | None,
        typer.Option(help="PEM file of its private key; made when missing, for whoever tries things out alone."),
    ] = None,
    public_key: Annotated[
        str | None,
        typer.Option(help="Its public key, 64 hexadecimal digits, when the private one is elsewhere, as it should be."),
    ] = None,
    title: Annotated[str, typer.Option(help="Title for people.")] = "",
    json: Json = False,
) -> None:
    """Bind a participant's name to its key. For instance: mfn federation enrol digits alice --key alice.pem."""
    raw = _public(key, public_key)
    with named_server(connection) as client:
        enrolled = client.enrol_participant(federation, participant, raw, title=title)
    if json:
        emit_json(enrolled)
    else:
        console().print(f"{enrolled.name} is enrolled with the public key {raw.hex()}.", soft_wrap=True)


def _public(key: Path | None, public_key: str | None) -> bytes:
    from mfn_client import federated

    if public_key is not None and key is None:
        return public_key_of(public_key)
    if key is None or public_key is not None:
        raise UsageError("give either --key FILE or --public-key HEX")
    if not key.exists():
        federated.save_key(federated.generate_key(), key)
    return federated.public_key(private_key(key))
