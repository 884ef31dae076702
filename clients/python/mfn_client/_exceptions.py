"""What can go wrong, as a tree.

::

    MfnError
    ├── InsecureCredentials          a key or token would leave this machine in plain text (also a ValueError)
    ├── InvalidCredentials           a key, token or certificate that cannot be used (also a ValueError)
    ├── NoServer                     none is named, and none can run inside this process
    ├── StreamCorrupted              a stream broke the contract: a gap, a wrong checksum, a part out of order
    ├── NotReproducible              a restarted server would not give bit-identical frames
    └── RpcError                     the server, or the way to it, refused the call
        ├── InvalidArgument          INVALID_ARGUMENT; `violations` names every faulty field
        │   └── UnstableSpec         the time step is beyond the stability limit
        ├── FailedPrecondition       FAILED_PRECONDITION
        │   └── FieldDiverged        the field stopped being finite
        ├── ResourceExhausted        RESOURCE_EXHAUSTED: a message or an answer is too large, a quota is used up
        │   └── Overloaded           OVERLOADED, RATE_LIMITED: wait `retry_after` seconds
        ├── DeadlineExceeded         DEADLINE_EXCEEDED; carries the token that continues the work
        ├── Unavailable              UNAVAILABLE: no connection, draining, warming up; CANCELLED by a server that ends
        ├── TlsFailed                the connection could not be encrypted; `advice` says what to check
        ├── Unimplemented            UNIMPLEMENTED
        ├── Unauthenticated          UNAUTHENTICATED
        ├── PermissionDenied         PERMISSION_DENIED
        ├── NotFound                 NOT_FOUND
        ├── AlreadyExists            ALREADY_EXISTS: the name is taken
        ├── SessionSuperseded        SESSION_SUPERSEDED: the same participant joined elsewhere
        └── InternalError            INTERNAL, UNKNOWN, DATA_LOSS: a fault of the server

Status codes that are not listed arrive as plain `RpcError`. `reason` is a name of the catalogue in docs/errors.md, or
empty when the call failed below the server.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from mfn_client._advice import advice, tls_fault
from mfn_client._late import late

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from google.rpc import error_details_pb2, status_pb2
else:
    error_details_pb2 = late("google.rpc.error_details_pb2")
    status_pb2 = late("google.rpc.status_pb2")

DOMAIN = "mfn.v1"
DETAILS_KEY = "grpc-status-details-bin"
NOT_OWNER = "NOT_OWNER"
"""The reason of a server that knows which other one to ask: metadata `owner`."""
_CLOSED = "Channel closed"
"""How grpc begins to tell of the calls that were open when their own client was closed."""
_Detail = TypeVar("_Detail", bound=Message)


@dataclass(frozen=True)
class FieldViolation:
    """One faulty field of a request: its path, and what is wrong with it and how to put it right."""

    field: str
    description: str


class MfnError(Exception):
    """Everything that this package raises on purpose."""


class InsecureCredentials(MfnError, ValueError):
    """A key or token together with a target that is not this machine, over a connection without encryption."""


class InvalidCredentials(MfnError, ValueError):
    """A key, token or certificate that cannot be used: malformed, expired, without its other half, or one too many."""


class NoServer(MfnError):
    """No server is named and none can run inside this process."""


class StreamCorrupted(MfnError):
    """A stream that broke the contract; nothing after its last whole frame can be trusted."""


class NotReproducible(MfnError):
    """A server that took over cannot continue bit for bit: its numerics or its reading of the spec differ."""


class RpcError(MfnError):
    """A call that ended with a status other than OK.

    Attributes:
        code: The gRPC status code.
        message: The server's sentence.
        details: The serialised google.rpc.Status, from which the properties are read; empty when there is none.
    """

    def __init__(self, code: grpc.StatusCode, message: str, details: bytes = b"") -> None:
        super().__init__(code, message, details)
        self.code = code
        self.message = message
        self.details = details

    @cached_property
    def _status(self) -> status_pb2.Status:
        try:
            return status_pb2.Status.FromString(self.details)
        except DecodeError:  # a proxy may put anything there; the code and the message still stand
            return status_pb2.Status()

    def _detail(self, kind: type[_Detail]) -> _Detail:
        found = kind()
        for packed in self._status.details:
            if packed.Unpack(found):
                break
        return found

    @cached_property
    def _info(self) -> error_details_pb2.ErrorInfo:
        info = self._detail(error_details_pb2.ErrorInfo)
        return info if info.domain == DOMAIN else error_details_pb2.ErrorInfo()

    @property
    def reason(self) -> str:
        """Name of the error in the catalogue, for instance "INVALID_FIELD"; empty when there is none."""
        return str(self._info.reason)

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the catalogue promises beside the reason, for instance "steps_done"."""
        return dict(self._info.metadata)

    @property
    def request_id(self) -> str:
        """Identifies the call in the server's log; empty when the call did not reach it."""
        return str(self._detail(error_details_pb2.RequestInfo).request_id)

    @property
    def violations(self) -> tuple[FieldViolation, ...]:
        """Every faulty field of the request."""
        listed = self._detail(error_details_pb2.BadRequest).field_violations
        return tuple(FieldViolation(each.field, each.description) for each in listed)

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the server would like to be asked again; None when it does not say."""
        info = self._detail(error_details_pb2.RetryInfo)
        return info.retry_delay.ToTimedelta().total_seconds() if info.HasField("retry_delay") else None

    @property
    def advice(self) -> str:
        """What to check, where credentials or the connection are at fault; empty otherwise."""
        return advice(self.code, self.reason, self.message)

    def __str__(self) -> str:
        lines = [f"{self._headline()} ({self.reason or self.code.name})"]
        lines += [f"  {self.advice}"] if self.advice else []
        lines += [f"  {each.field}: {each.description}" for each in self.violations]
        if self.retry_after is not None:
            lines.append(f"  retry after {self.retry_after:g} s")
        if self.request_id:
            lines.append(f"  request id {self.request_id}")
        return "\n".join(lines)

    def _headline(self) -> str:
        """The message, unless it only repeats the first of the violations that are listed below it."""
        repeated = any(each.description in self.message for each in self.violations)
        return "The server refused the request" if repeated else self.message or self.code.name


class _Resumable(RpcError):
    @property
    def resume_token(self) -> bytes:
        """Continues the work where it stopped; empty when there is nothing to continue from."""
        try:
            return base64.b64decode(self.metadata.get("resume_token", ""), validate=True)
        except binascii.Error:  # a damaged token is no token: the work starts again
            return b""

    def _count(self, name: str) -> int | None:
        text = self.metadata.get(name, "")
        return int(text) if text.isdecimal() else None


class InvalidArgument(RpcError):
    """The request is outside its limits; `violations` names every faulty field."""


class UnstableSpec(InvalidArgument):
    """The time step is beyond the stability limit; the violation names the largest that is stable."""


class FailedPrecondition(RpcError):
    """The request is valid, but not in the present state."""


class FieldDiverged(FailedPrecondition, _Resumable):
    """The field stopped being finite; `resume_token` continues after the last finite frame."""

    @property
    def step(self) -> int | None:
        """The step at which a value was not finite."""
        return self._count("step")

    @property
    def last_finite_step(self) -> int | None:
        """The last step known to be finite."""
        return self._count("last_finite_step")


class ResourceExhausted(RpcError):
    """Too large, or a quota is used up."""


class Overloaded(ResourceExhausted):
    """The server is busy, or the caller has used up its share; `retry_after` says how long to wait.

    Calls and simulations have then waited already, as long as their time allowed. Without `retry_after` waiting would
    not help: the request is too large for this server.
    """


class DeadlineExceeded(_Resumable):
    """The deadline came first; `resume_token` continues the work and `steps_done` says how far it came."""

    @property
    def steps_done(self) -> int | None:
        """Steps done, of those that the spec asks for; None when the server could not say."""
        return self._count("steps_done")


class Unavailable(RpcError):
    """No server was reached, or it is starting or stopping; with code CANCELLED it stopped before it took the call."""


class TlsFailed(RpcError):
    """The connection could not be encrypted, or not with a server to be trusted; waiting does not help."""


class Unimplemented(RpcError):
    """The method or the option belongs to the contract, but this server does not offer it."""


class Unauthenticated(RpcError):
    """The API key, token or certificate is missing or does not hold."""


class PermissionDenied(RpcError):
    """The credentials hold but do not allow this call."""


class NotFound(RpcError):
    """The named resource does not exist, has expired, or belongs to another caller."""


class AlreadyExists(RpcError):
    """The name is taken by a resource that another request made."""


class SessionSuperseded(RpcError):
    """Another session of the same participant took over; run one session a participant."""


class InternalError(RpcError):
    """A fault of the server; report it with `request_id`."""


_BY_REASON: dict[str, type[RpcError]] = {
    "UNSTABLE_SPEC": UnstableSpec,
    "FIELD_DIVERGED": FieldDiverged,
    "OVERLOADED": Overloaded,
    "RATE_LIMITED": Overloaded,
    "SESSION_SUPERSEDED": SessionSuperseded,
}
_BY_CODE: dict[grpc.StatusCode, type[RpcError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.UNIMPLEMENTED: Unimplemented,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.INTERNAL: InternalError,
    grpc.StatusCode.UNKNOWN: InternalError,
    grpc.StatusCode.DATA_LOSS: InternalError,
}


def translated(error: grpc.RpcError) -> RpcError:
    """The exception of this package for one of grpc's, synchronous or asyncio."""
    return build(error.code(), error.details() or "", details_of(error.trailing_metadata()))


def details_of(trailers: Any) -> bytes:
    """The serialised google.rpc.Status of a call's trailing metadata; empty when there is none."""
    return next((value for key, value in trailers or () if key == DETAILS_KEY), b"")


def build(code: grpc.StatusCode, message: str, details: bytes) -> RpcError:
    """The exception for a status; a class for the reason goes before the one for the code."""
    reason = RpcError(code, message, details).reason
    kind = _BY_REASON.get(reason) or _BY_CODE.get(code, RpcError)
    if code is grpc.StatusCode.CANCELLED and not message.startswith(_CLOSED):
        kind = Unavailable
    if kind is Unavailable and not reason and tls_fault(message):
        kind = TlsFailed
    return kind(code, message, details)


def invalid(violations: Iterable[FieldViolation]) -> RpcError:
    """The exception that the server would send for these violations, made before asking it."""
    bad = error_details_pb2.BadRequest()
    for each in violations:
        bad.field_violations.add(field=each.field, description=each.description)
    details = _packed("INVALID_FIELD", {}, bad)
    return build(grpc.StatusCode.INVALID_ARGUMENT, "The request was not sent, because it is not valid", details)


def out_of_time(steps_done: int, resume_token: bytes) -> RpcError:
    """The exception for a simulation that the caller's deadline stopped after so many steps."""
    metadata = {"steps_done": str(steps_done), "resume_token": base64.b64encode(resume_token).decode()}
    done = f"{steps_done:,} step{'' if steps_done == 1 else 's'}"
    message = f"The deadline came after {done}" + ("; resume_token continues from there" if resume_token else "")
    return build(grpc.StatusCode.DEADLINE_EXCEEDED, message, _packed("DEADLINE_TOO_SHORT", metadata))


def _packed(reason: str, metadata: Mapping[str, str], *more: Message) -> bytes:
    status = status_pb2.Status()
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)
    for detail in (info, *more):
        status.details.add().Pack(detail)
    return status.SerializeToString()
