"""Calls a server as bytes over generic channels: nothing of the project's client stands between a test and the wire."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2

from mfn_grpc.v1 import electrochemistry_pb2, features_pb2, federation_pb2, simulation_pb2, validation_pb2

SERVICES: tuple[ServiceDescriptor, ...] = tuple(
    service
    for module in (electrochemistry_pb2, simulation_pb2, features_pb2, validation_pb2, federation_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
)
METHODS: dict[str, MethodDescriptor] = {method.name: method for service in SERVICES for method in service.methods}
NERNST = electrochemistry_pb2.ComputeNernstRequest(
    z_valence=1, concentration_out_molar=0.005, concentration_in_molar=0.14
)
"""Potassium at rest: -89.06 mV (Hille 2001)."""
PATIENCE_S = 60.0
"""After this long a call that should have ended counts as hanging; far beyond what any of them takes."""
METADATA_LIMIT = 8192

Metadata = Sequence[tuple[str, str]]


def path_of(method: MethodDescriptor) -> str:
    """The method as it stands in the request's headers."""
    return f"/{method.containing_service.full_name}/{method.name}"


@dataclass(frozen=True)
class Refusal:
    """How a call failed, as its trailers tell it."""

    code: grpc.StatusCode
    message: str
    reason: str
    metadata: Mapping[str, str]
    violations: Mapping[str, str]
    request_id: str
    retry_s: float | None
    trailers: Mapping[str, str | bytes]


def refusal_of(error: Any) -> Refusal:
    """The refusal of a failed call, synchronous or asyncio; empty where grpc itself refused."""
    trailers = dict(error.trailing_metadata() or ())
    code, message = error.code(), error.details() or ""
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    if status.details:
        assert (status.code, status.message) == (code.value[0], message)
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    request, retry = error_details_pb2.RequestInfo(), error_details_pb2.RetryInfo()
    given = {
        kind.DESCRIPTOR.name for detail in status.details for kind in (info, bad, request, retry) if detail.Unpack(kind)
    }
    return Refusal(
        code=code,
        message=message,
        reason=info.reason,
        metadata=dict(info.metadata),
        violations={each.field: each.description for each in bad.field_violations},
        request_id=request.request_id,
        retry_s=retry.retry_delay.ToTimedelta().total_seconds() if "RetryInfo" in given else None,
        trailers=trailers,
    )


def wire_size(message: str, trailers: Iterable[tuple[str, str | bytes]]) -> int:
    """Bytes of the trailers as HTTP/2 counts them: 32 an entry, -bin values in base64, the message percent-encoded."""
    entries: list[tuple[str, str | bytes]] = [("grpc-message", quote(message)), ("grpc-status", "13"), *trailers]
    encoded = ((key, base64.b64encode(value) if isinstance(value, bytes) else value.encode()) for key, value in entries)
    return sum(32 + len(key) + len(value) for key, value in encoded)


class Wire:
    """A synchronous caller. On the wire every call is a stream of messages either way, so one kind serves for all."""

    def __init__(self, target: str, api_key: str | None = None) -> None:
        self._metadata: Metadata = [("x-api-key", api_key)] if api_key else []
        self.channel = grpc.insecure_channel(target, options=[("grpc.max_send_message_length", -1)])

    def open(
        self, path: str, requests: Iterable[bytes], *, timeout: float = PATIENCE_S, metadata: Metadata = ()
    ) -> Any:
        """The open call: an iterator of answers, as bytes."""
        method: Any = self.channel.stream_stream(path)
        return method(iter(requests), timeout=timeout, metadata=(*self._metadata, *metadata))

    def stream(self, name: str, request: Message, **options: Any) -> Iterator[Any]:
        """The answers of a method, decoded as they come."""
        method = METHODS[name]
        answer = GetMessageClass(method.output_type)
        for raw in self.open(path_of(method), [request.SerializeToString()], **options):
            yield answer.FromString(raw)

    def answer(self, name: str, request: Message, **options: Any) -> Any:
        """The only answer of a method."""
        (answer,) = self.stream(name, request, **options)
        return answer

    def refusal(self, name: str, *requests: Message | bytes, **options: Any) -> Refusal:
        """How the method refuses these messages; asserts that it does, within what callers accept as metadata."""
        raw = [each if isinstance(each, bytes) else each.SerializeToString() for each in requests]
        path = name if name.startswith("/") else path_of(METHODS[name])
        try:
            answers = list(self.open(path, raw, **options))
        except grpc.RpcError as error:
            refusal = refusal_of(error)
            assert wire_size(refusal.message, refusal.trailers.items()) <= METADATA_LIMIT
            return refusal
        raise AssertionError(f"{name} answered with {len(answers)} messages")

    def close(self) -> None:
        """Close the connection."""
        self.channel.close()


async def rest_of(call: Any) -> list[Any]:
    """The answers of a grpc.aio stream that are still to come."""
    seen: list[Any] = []
    while (answer := await call.read()) is not grpc.aio.EOF:
        seen.append(answer)
    return seen


async def refused(call: Any) -> Refusal:
    """How a grpc.aio call is refused, after whatever it answered before."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await (rest_of(call) if hasattr(call, "read") else call)
    return refusal_of(caught.value)
