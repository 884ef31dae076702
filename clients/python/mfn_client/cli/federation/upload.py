"""`mfn federation upload`."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zipfile import BadZipFile

import typer

from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.failures import UsageError
from mfn_client.cli.federation.options import FederationName, named_server
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json

if TYPE_CHECKING:
    from mfn_client import Client, ModelRef

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
        ref = hand_over(client, federation, model)
    if json:
        emit_json(ref)
    else:
        console().print(f"Model {ref.version} of {federation} has the SHA-256 {ref.sha256.hex()}.", soft_wrap=True)


def hand_over(client: "Client", federation: str, model: Path) -> "ModelRef":
    """Upload a model from a file.

    Raises:
        UsageError: the file is no archive of arrays that a model may consist of.
        OSError: the file cannot be read.
    """
    from mfn_client import MfnError

    try:
        return client.upload_model(federation, model)
    except (ValueError, TypeError, EOFError, BadZipFile) as error:
        if isinstance(error, MfnError):
            raise
        raise UsageError(f"{model} is not an .npz archive of floating-point arrays: {error}") from error
