"""The server that a command talks to: the one that is named, or one inside this process."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from mfn_client.cli.failures import UsageError

if TYPE_CHECKING:
    from mfn_client import Client

NAMING = "--server HOST:PORT"


@contextmanager
def connected(server: str | None, api_key: str | None) -> Iterator["Client"]:
    """A client of the named server, or of an embedded one that lives as long as the context.

    Raises:
        UsageError: no server is named and none can be embedded, or its settings are wrong.
    """
    from mfn_client import Client

    with ExitStack() as stack:
        if server is None:
            embedded = _entered(stack)
            server, api_key = embedded.target, embedded.api_key
        yield stack.enter_context(Client(server, api_key=api_key))


def _entered(stack: ExitStack) -> Any:
    """The embedded server, running; it says what is wrong with its MFN_* settings with a ValueError."""
    from mfn_client._embedded import embedded_server
    from mfn_client._exceptions import NoServer

    try:
        return stack.enter_context(embedded_server(NAMING))
    except (NoServer, ValueError) as error:
        raise UsageError(str(error)) from error
