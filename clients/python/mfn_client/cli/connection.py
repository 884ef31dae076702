"""The server that a command talks to: the one that is named, or one inside this process."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mfn_client.cli.connection_options import Connection
from mfn_client.cli.failures import UsageError

if TYPE_CHECKING:
    from mfn_client import Client

NAMING = "--server HOST:PORT"
EMBEDDED = Connection()


def credentials(connection: Connection) -> dict[str, Any]:
    """The keyword arguments of the client's calls for what the options say.

    Raises:
        InvalidCredentials: they do not fit together.
    """
    from mfn_client import Tls

    files = (connection.ca_file, connection.client_cert, connection.client_key)
    encrypted = connection.tls or any(file is not None for file in files)
    return {"api_key": connection.api_key, "token": connection.token, "tls": Tls(*files) if encrypted else None}


def client_of(address: Connection) -> "Client":
    """A client of a server that is there; enter it, or close it.

    Raises:
        UsageError: the address names none.
    """
    from mfn_client import Client

    if address.server is None:
        raise UsageError(f"name a server with {NAMING}")
    return Client(address.server, **credentials(address))


@contextmanager
def serving(connection: Connection) -> Iterator[Connection]:
    """The way to the named server, or to an embedded one that lives as long as the context; its `server` is set.

    Raises:
        UsageError: no server is named and none can be embedded, or its settings are wrong.
    """
    with ExitStack() as stack:
        if connection.server is not None:
            yield connection
        else:
            running = _entered(stack)
            yield replace(EMBEDDED, server=running.target, api_key=running.api_key)


@contextmanager
def connected(connection: Connection) -> Iterator["Client"]:
    """A client of the server that `serving` gives.

    Raises:
        UsageError: as there.
    """
    with serving(connection) as found, client_of(found) as client:
        yield client


def _entered(stack: ExitStack) -> Any:
    """The embedded server, running; it says what is wrong with its MFN_* settings with a ValueError."""
    from mfn_client._embedded import embedded_server
    from mfn_client._exceptions import NoServer

    try:
        return stack.enter_context(embedded_server(NAMING))
    except (NoServer, ValueError) as error:
        raise UsageError(str(error)) from error
