"""Gives every call a request id: the caller's `x-request-id`, or a new one."""

import re
import uuid

from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Proceed

ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIds:
    """Sets `call.request_id`; an id that is too long or could upset a log is replaced."""

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Name the call."""
        given = call.text("x-request-id")
        call.request_id = given if given and ACCEPTED.fullmatch(given) else uuid.uuid4().hex
        await proceed(call)
