"""Admits only callers that know the server's API key; health checks need none."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any

import grpc

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.rpc import Continuation, Handler, principal_of_call, refuse, request_id_of_call

OPEN_PREFIX = "/grpc.health.v1.Health/"


class ApiKeyInterceptor(grpc.aio.ServerInterceptor):
    """Compares `x-api-key` with the one key of this server in constant time; sets `principal_of_call`."""

    def __init__(self, api_key: str) -> None:
        self._digest = _digest(api_key)
        self._principal = f"key:{self._digest.hex()[:12]}"

    async def intercept_service(self, continuation: Continuation, details: grpc.HandlerCallDetails) -> Handler | None:
        """Let the call through, or answer it with a refusal."""
        if details.method.startswith(OPEN_PREFIX):
            return await continuation(details)
        given = next((value for key, value in details.invocation_metadata or () if key == "x-api-key"), None)
        if given is None:
            text = "the call carries no API key; send it as x-api-key metadata"
            return _refusal(Fault(reasons.ERROR_REASON_CREDENTIALS_MISSING, text))
        if not hmac.compare_digest(_digest(given), self._digest):
            return _refusal(Fault(reasons.ERROR_REASON_CREDENTIALS_INVALID, "the API key is not valid here"))
        principal_of_call.set(self._principal)
        return await continuation(details)


def _digest(key: str | bytes) -> bytes:
    return hashlib.sha256(key.encode() if isinstance(key, str) else key).digest()


def _refusal(fault: Fault) -> Handler:
    request_id = request_id_of_call.get("")

    async def refusing(requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext[Any, Any]) -> None:
        await refuse(context, fault, request_id)

    return grpc.stream_stream_rpc_method_handler(refusing)
