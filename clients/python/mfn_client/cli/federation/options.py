"""Options that the commands share, and the server that they must name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from mfn_client.cli.connection import connected
from mfn_client.cli.connection_options import Connection
from mfn_client.cli.failures import UsageError

if TYPE_CHECKING:
    from mfn_client import Client

FederationName = Annotated[str, typer.Argument(metavar="FEDERATION", help="Its name, such as digits.")]
NAME_A_SERVER = "a federation lives on a server that stays: name one with --server HOST:PORT or MFN_SERVER"


@contextmanager
def named_server(connection: Connection) -> Iterator["Client"]:
    """A client of the server that is named; one inside this process would end with the command.

    Raises:
        UsageError: none is named.
    """
    if connection.server is None:
        raise UsageError(NAME_A_SERVER)
    with connected(connection) as client:
        yield client
