"""How a channel is set up: its address, its options, and what every call carries."""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import grpc.aio

from mfn_client._credentials import Credentials, is_loopback
from mfn_client._tls import channel_credentials
from mfn_client._tracing import traced, traced_aio

DEFAULT_TARGET = "localhost:50051"
ANSWER_BYTES = 8 * 1024 * 1024
"""Largest message accepted: the transport's own limit, twice what the contract sends."""

Options = Sequence[tuple[str, Any]]
Metadata = tuple[tuple[str, str], ...]

# A server that shuts down cancels what reaches it before its connections have heard of that; it cancels nothing else.
_RETRIED = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
}
# Every call is a pure function of its request; uploads make something and stay out. Calls about federations are
# repeated by `UnaryAttempts`, as grpc would repeat an UNAVAILABLE that names the server to ask as well.
_REPEATABLE = [
    {"service": "mfn.v1.ElectrochemistryService"},
    {"service": "mfn.v1.FeatureService"},
    {"service": "mfn.v1.ValidationService"},
    {"service": "grpc.health.v1.Health"},
    *(
        {"service": "mfn.v1.SimulationService", "method": method}
        for method in ("Simulate", "RunSimulation", "AnalyzeStability", "ListModels")
    ),
]
SERVICE_CONFIG: Mapping[str, Any] = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [{"name": _REPEATABLE, "retryPolicy": _RETRIED}],
}


_SCHEMES = ("unix:", "unix-abstract:", "ipv4:", "ipv6:", "dns:")


def address(target: str) -> str:
    """The target with a resolver: host names go through DNS, so that all their addresses are used in turn."""
    has_scheme = "://" in target or target.startswith(_SCHEMES)
    return target if has_scheme else f"dns:///{target}"


def channel_options(target: str, extra: Options) -> list[tuple[str, Any]]:
    """The options of a channel; `extra` ones replace ours of the same name.

    Keepalive finds a dead peer within 40 s while a call is open, however long the server computes without sending;
    the server must allow pings every 30 s. Lost connections are tried again within 0.1 to 5 s. A proxy that the
    environment names is never asked for a server on this machine.
    """
    import json  # noqa: PLC0415  # not before there is a channel

    ours = {
        "grpc.service_config": json.dumps(SERVICE_CONFIG),
        "grpc.keepalive_time_ms": 30_000,
        "grpc.keepalive_timeout_ms": 10_000,
        "grpc.http2.max_pings_without_data": 0,
        "grpc.max_receive_message_length": ANSWER_BYTES,
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 5_000,
        "grpc.dns_min_time_between_resolutions_ms": 5_000,
        "grpc.enable_http_proxy": int(not is_loopback(target)),
    }
    return list((ours | dict(extra)).items())


def call_metadata(credentials: Credentials) -> Metadata:
    """What one call carries: a request id of its own, and the key or token where there is one."""
    import uuid  # noqa: PLC0415  # not before there is a call

    return (("x-request-id", str(uuid.uuid4())), *credentials.metadata())


_KINDS = ("UnaryUnary", "UnaryStream", "StreamUnary", "StreamStream")
_METHODS = ("intercept_unary_unary", "intercept_unary_stream", "intercept_stream_unary", "intercept_stream_stream")


class _SyncDetails(grpc.ClientCallDetails):
    """The details of a call with other metadata; grpc reads the attributes."""

    def __init__(self, details: grpc.ClientCallDetails, metadata: Metadata) -> None:
        self.method = details.method
        self.timeout = details.timeout
        self.metadata = metadata
        self.credentials = details.credentials
        self.wait_for_ready = details.wait_for_ready
        self.compression = details.compression


def _sync_interceptor(credentials: Credentials) -> Any:
    """One interceptor that attaches the metadata to calls of every kind."""

    def attach(_self: Any, continuation: Any, details: Any, request: Any) -> Any:
        metadata = (*(details.metadata or ()), *call_metadata(credentials))
        return continuation(_SyncDetails(details, metadata), request)

    bases = tuple(getattr(grpc, f"{kind}ClientInterceptor") for kind in _KINDS)
    return type("CallMetadata", bases, dict.fromkeys(_METHODS, attach))()


def _aio_interceptors(credentials: Credentials) -> list[Any]:
    """The same for asyncio, one object a kind: grpc.aio files each under the first kind it belongs to."""

    async def attach(_self: Any, continuation: Any, details: Any, request: Any) -> Any:
        metadata = grpc.aio.Metadata(*(details.metadata or ()), *call_metadata(credentials))
        changed = grpc.aio.ClientCallDetails(
            details.method, details.timeout, metadata, details.credentials, details.wait_for_ready
        )
        return await continuation(changed, request)

    bases = [getattr(grpc.aio, f"{kind}ClientInterceptor") for kind in _KINDS]
    return [type("CallMetadata", (base,), {name: attach})() for base, name in zip(bases, _METHODS, strict=True)]


def sync_channel(target: str, credentials: Credentials, options: Options) -> grpc.Channel:
    """A synchronous channel, ready to be called."""
    place, settings = address(target), channel_options(target, options)
    if credentials.tls is None:
        plain = grpc.insecure_channel(place, options=settings)
    else:
        plain = grpc.secure_channel(place, channel_credentials(credentials.tls), options=settings)
    return traced(grpc.intercept_channel(plain, _sync_interceptor(credentials)))


def aio_channel(target: str, credentials: Credentials, options: Options) -> grpc.aio.Channel:
    """A channel of grpc.aio, ready to be called on the running event loop."""
    return _aio_channel(target, credentials, options, _aio_interceptors(credentials))


def bare_aio_channel(target: str, credentials: Credentials, options: Options) -> grpc.aio.Channel:
    """A channel of grpc.aio whose callers pass `call_metadata` themselves.

    Its calls tell when they are over (`add_done_callback`) and cost no task of their own, unlike intercepted ones.
    """
    return _aio_channel(target, credentials, options, None)


def _aio_channel(
    target: str, credentials: Credentials, options: Options, interceptors: list[Any] | None
) -> grpc.aio.Channel:
    place, settings = address(target), channel_options(target, options)
    if credentials.tls is None:
        return traced_aio(grpc.aio.insecure_channel(place, options=settings, interceptors=interceptors))
    encrypted = channel_credentials(credentials.tls)
    return traced_aio(grpc.aio.secure_channel(place, encrypted, options=settings, interceptors=interceptors))
