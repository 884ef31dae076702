"""The server that a command talks to: the one that is named, or one inside this process."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mfn_client.cli.failures import UsageError

if TYPE_CHECKING:
    from mfn_client import Client

NAMING = "--server HOST:PORT"


@dataclass(frozen=True)
class Address:
    """Where a server is, and what it wants to see; `embedded` when it is inside this process."""

    target: str
    api_key: str | None
    embedded: bool


@contextmanager
def serving(server: str | None, api_key: str | None) -> Iterator[Address]:
    """The named server, or an embedded one that lives as long as the context.

    Raises:
        UsageError: no server is named and none can be embedded, or its settings are wrong.
    """
    with ExitStack() as stack:
        if server is not None:
            yield Address(server, api_key, embedded=False)
        else:
            running = _entered(stack)
            yield Address(running.target, running.api_key, embedded=True)


@contextmanager
def connected(server: str | None, api_key: str | None) -> Iterator["Client"]:
    """A client of the server that `serving` gives.

    Raises:
        UsageError: as there.
    """
    from mfn_client import Client

    with serving(server, api_key) as found, Client(found.target, api_key=found.api_key) as client:
        yield client


def _entered(stack: ExitStack) -> Any:
    """The embedded server, running; it says what is wrong with its MFN_* settings with a ValueError."""
    from mfn_client._embedded import embedded_server
    from mfn_client._exceptions import NoServer

    try:
        return stack.enter_context(embedded_server(NAMING))
    except (NoServer, ValueError) as error:
        raise UsageError(str(error)) from error
