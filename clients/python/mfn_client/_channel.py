"""How a channel is set up: its address, its options, and what every call carries."""

import ipaddress
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
import grpc.aio

from mfn_client._exceptions import InsecureCredentials

DEFAULT_TARGET = "localhost:50051"
ANSWER_BYTES = 8 * 1024 * 1024
"""Largest message accepted: the transport's own limit, twice what the contract sends."""

Options = Sequence[tuple[str, Any]]
Metadata = tuple[tuple[str, str], ...]

_RETRIED = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
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


_SOCKETS = ("unix:", "unix-abstract:")
_NUMERIC = ("ipv4:", "ipv6:")
_LOCAL_NAMES = re.compile(r"(dns:(///)?)?localhost(:\d+)?", re.IGNORECASE)
_ADDRESS = re.compile(r"(ipv4:|ipv6:|dns:(///)?)?(?P<host>\[[^\]]*\]|[^:\[\]/,]+)(:\d+)?")


def address(target: str) -> str:
    """The target with a resolver: host names go through DNS, so that all their addresses are used in turn."""
    has_scheme = "://" in target or target.startswith((*_SOCKETS, *_NUMERIC, "dns:"))
    return target if has_scheme else f"dns:///{target}"


def is_loopback(target: str) -> bool:
    """Whether a target stays on this machine: a Unix socket, localhost, or one loopback address."""
    if target.startswith(_SOCKETS) or _LOCAL_NAMES.fullmatch(target):
        return True
    found = _ADDRESS.fullmatch(target)
    try:
        return found is not None and ipaddress.ip_address(found["host"].strip("[]")).is_loopback
    except ValueError:
        return False


def check_credentials(target: str, api_key: str | None) -> None:
    """Refuse to send an API key in plain text to another machine.

    Raises:
        InsecureCredentials: there is a key and the target is not this machine.
    """
    if api_key and not is_loopback(target):
        raise InsecureCredentials(
            f"The API key would travel to {target} in plain text. Connect through a tunnel or a proxy that listens on "
            "this machine and encrypts, and use its loopback address as the target."
        )


def channel_options(target: str, extra: Options) -> list[tuple[str, Any]]:
    """The options of a channel; `extra` ones replace ours of the same name.

    Keepalive finds a dead peer within 40 s while a call is open, however long the server computes without sending;
    the server must allow pings every 30 s. Lost connections are tried again within 0.1 to 5 s. A proxy that the
    environment names is never asked for a server on this machine.
    """
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


def call_metadata(api_key: str | None) -> Metadata:
    """What one call carries: a request id of its own, and the key where there is one."""
    request_id = ("x-request-id", str(uuid.uuid4()))
    return (request_id, ("x-api-key", api_key)) if api_key else (request_id,)


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


def _sync_interceptor(api_key: str | None) -> Any:
    """One interceptor that attaches the metadata to calls of every kind."""

    def attach(_self: Any, continuation: Any, details: Any, request: Any) -> Any:
        metadata = (*(details.metadata or ()), *call_metadata(api_key))
        return continuation(_SyncDetails(details, metadata), request)

    bases = tuple(getattr(grpc, f"{kind}ClientInterceptor") for kind in _KINDS)
    return type("CallMetadata", bases, dict.fromkeys(_METHODS, attach))()


def _aio_interceptors(api_key: str | None) -> list[Any]:
    """The same for asyncio, one object a kind: grpc.aio files each under the first kind it belongs to."""

    async def attach(_self: Any, continuation: Any, details: Any, request: Any) -> Any:
        metadata = grpc.aio.Metadata(*(details.metadata or ()), *call_metadata(api_key))
        changed = grpc.aio.ClientCallDetails(
            details.method, details.timeout, metadata, details.credentials, details.wait_for_ready
        )
        return await continuation(changed, request)

    bases = [getattr(grpc.aio, f"{kind}ClientInterceptor") for kind in _KINDS]
    return [type("CallMetadata", (base,), {name: attach})() for base, name in zip(bases, _METHODS, strict=True)]


def sync_channel(target: str, api_key: str | None, options: Options) -> grpc.Channel:
    """A synchronous channel, ready to be called."""
    check_credentials(target, api_key)
    plain = grpc.insecure_channel(address(target), options=channel_options(target, options))
    return grpc.intercept_channel(plain, _sync_interceptor(api_key))


def bare_aio_channel(target: str, api_key: str | None, options: Options) -> grpc.aio.Channel:
    """A channel of grpc.aio whose callers pass `call_metadata` themselves.

    Its calls tell when they are over (`add_done_callback`) and cost no task of their own, unlike intercepted ones.
    """
    check_credentials(target, api_key)
    return grpc.aio.insecure_channel(address(target), options=channel_options(target, options))


def aio_channel(target: str, api_key: str | None, options: Options) -> grpc.aio.Channel:
    """A channel of grpc.aio, ready to be called on the running event loop."""
    check_credentials(target, api_key)
    return grpc.aio.insecure_channel(
        address(target), options=channel_options(target, options), interceptors=_aio_interceptors(api_key)
    )
