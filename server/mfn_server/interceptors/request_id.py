"""Gives every call a request id: the caller's `x-request-id`, or a new one."""

import re
import uuid

import grpc

from mfn_server.rpc import Continuation, Handler, request_id_of_call

ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIdInterceptor(grpc.aio.ServerInterceptor):
    """Sets `request_id_of_call`; an id that is too long or could upset a log is replaced."""

    async def intercept_service(self, continuation: Continuation, details: grpc.HandlerCallDetails) -> Handler | None:
        """Name the call."""
        given = next((value for key, value in details.invocation_metadata or () if key == "x-request-id"), "")
        sound = isinstance(given, str) and ACCEPTED.fullmatch(given)
        request_id_of_call.set(str(given) if sound else uuid.uuid4().hex)
        return await continuation(details)
