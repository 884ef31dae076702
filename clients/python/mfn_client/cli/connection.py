"""The server that a command talks to: the one that is named, or one inside this process."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from mfn_client.cli.failures import UsageError

if TYPE_CHECKING:
    from mfn_client import Client

EMBEDDED_GROUP = "mfn.embedded_server"
NO_SERVER = "There is no server to talk to: install mfn-grpc[server], or name one with --server HOST:PORT."


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
    try:
        return stack.enter_context(_embedded())
    except ValueError as error:
        raise UsageError(str(error)) from error


def _embedded() -> Any:
    for entry in entry_points(group=EMBEDDED_GROUP, name="default"):
        try:
            return entry.load()()
        except ImportError as error:
            raise UsageError(f"{NO_SERVER} ({error})") from error
    raise UsageError(NO_SERVER)
