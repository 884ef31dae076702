"""One call: what interceptors and services know of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic, perf_counter
from typing import Any, Protocol

import grpc
from google.protobuf.message import Message

from mfn_server.errors import Fault
from mfn_server.rpc.methods import Method, Scope

ANONYMOUS = "anonymous"

Context = grpc.aio.ServicerContext[Any, Any]
Inspect = Callable[[Message], Awaitable[None]]


class Caller(Protocol):
    """On whose behalf something is computed: a call, or the server's own work."""

    @property
    def principal(self) -> str:
        """Who waits in turn with others."""

    def time_remaining(self) -> float | None:
        """Seconds until the result is of no use any more, None without such a moment."""


@dataclass(frozen=True)
class Identity:
    """Whom a credential speaks for.

    principal: the owner of what the call makes, and whose limits it uses. scopes: what the credential permits.
    credential: which one it was, for logs: never the secret itself.
    """

    principal: str
    scopes: frozenset[Scope]
    credential: str


NOBODY = Identity(ANONYMOUS, frozenset(), "none")
"""A caller that is not identified yet, or need not be."""


@dataclass
class Traffic:
    """Messages and their bytes in one direction."""

    messages: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """Count one message."""
        self.messages += 1
        self.bytes += size


@dataclass(frozen=True)
class Outcome:
    """How a call ended; `fault` where the server refused it or failed."""

    code: grpc.StatusCode
    fault: Fault | None = None


OK = Outcome(grpc.StatusCode.OK)


@dataclass(eq=False, slots=True)
class Call:
    """What interceptors and services know of the call that is answered.

    requests: the messages to come, as bytes. metadata: what the caller sent, the first value of each key, binary ones
    as bytes. peer: the caller's address, as far as it can be trusted. request: the first message, once it has come.
    outcome: None until the call has ended. told: metadata that the answer carries, beside the request id.
    inspectors: see every request message before the service. latest_end: the moment (`time.monotonic`) by which this
    server ends the call, whatever its deadline. blocked_s: seconds that answers waited for a slow reader. trace: ends
    the span that is open for it, where there is one.
    """

    method: Method
    context: Context
    requests: AsyncIterator[bytes]
    metadata: dict[str, str | bytes]
    peer: str = ""
    request_id: str = ""
    identity: Identity = NOBODY
    received: Traffic = field(default_factory=Traffic)
    sent: Traffic = field(default_factory=Traffic)
    request: Message | None = None
    response: bytes | None = None
    outcome: Outcome | None = None
    told: list[tuple[str, str]] = field(default_factory=list)
    inspectors: list[Inspect] = field(default_factory=list)
    latest_end: float | None = None
    started: float = field(default_factory=perf_counter)
    blocked_s: float = 0.0
    trace: ExitStack | None = None

    @property
    def principal(self) -> str:
        """Who waits in turn with others, and owns what the call makes."""
        return self.identity.principal

    def time_remaining(self) -> float | None:
        """Seconds until the caller's deadline or the longest that this server allows; None without either."""
        remaining: float | None = self.context.time_remaining()  # its stub leaves out that there may be none
        if self.latest_end is None:
            return remaining
        allowed = max(0.0, self.latest_end - monotonic())
        return allowed if remaining is None else min(remaining, allowed)

    def echoes(self) -> tuple[tuple[str, str], ...]:
        """What every answer carries: in its trailers, where a unary one costs nothing more, and a stream's headers."""
        return (("x-request-id", self.request_id), *self.told)

    def text(self, key: str) -> str | None:
        """A value of the caller's metadata that is text; None without one."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else None


current_call: ContextVar[Call | None] = ContextVar("current_call", default=None)
"""The call on whose behalf the running task works, for log lines and spans."""
