"""Calls that nobody made, and an audit that tests can read."""

from collections.abc import AsyncIterator
from typing import Any, cast

from mfn_server.rpc.call import Call, Context
from mfn_server.rpc.methods import Method, Scope

METHOD = Method("mfn.v1.ElectrochemistryService", "ComputeNernst", scopes=(Scope.READ,))
PEER = "10.0.0.7"


class Connection:
    """What grpc says of a connection; auth: what it knows of the caller's certificate."""

    def __init__(self, auth: dict[str, list[bytes]] | None = None) -> None:
        self._auth = auth or {}

    def auth_context(self) -> dict[str, list[bytes]]:
        """By the names that grpc uses."""
        return self._auth


async def _no_requests() -> AsyncIterator[bytes]:
    requests: tuple[bytes, ...] = ()
    for request in requests:
        yield request


def call_with(
    *, auth: dict[str, list[bytes]] | None = None, method: Method = METHOD, peer: str = PEER, **metadata: str
) -> Call:
    """A call with this metadata: `call_with(x_api_key=key)`."""
    sent: dict[str, str | bytes] = {name.replace("_", "-"): value for name, value in metadata.items()}
    return Call(method, cast("Context", Connection(auth)), _no_requests(), sent, peer)


class Recorded:
    """Keeps what is recorded, as (event, fields)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def record(self, event: str, **fields: Any) -> None:
        """Keep it."""
        self.events.append((event, fields))


class Reloaded:
    """Keeps what was read again."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, bool]] = []
        self.mended: list[str] = []

    def count(self, file: str, succeeded: bool) -> None:
        """Keep it."""
        self.counted.append((file, succeeded))

    def recovered(self, file: str) -> None:
        """Keep it."""
        self.mended.append(file)
