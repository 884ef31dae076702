"""Gives every call a request id: the caller's `x-request-id`, or a new one."""

import re
from random import getrandbits

from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Observer

ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIds(Observer):
    """Sets `call.request_id`; an id that is too long or could upset a log is replaced."""

    def begin(self, call: Call) -> None:
        """Name the call."""
        given = call.text("x-request-id")
        call.request_id = given if given and ACCEPTED.fullmatch(given) else _new()


def _new() -> str:
    """32 hexadecimal digits. Names must differ, not be hard to guess: a UUID would cost six times as much."""
    return f"{getrandbits(128):032x}"  # nosec B311  # as above
