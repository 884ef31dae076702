"""Whose buckets a call takes from."""

from mfn_server.networks import network_of
from mfn_server.rpc.call import Call

SHOWN = 100
"""Characters of a subject in a message: trailers are bounded."""


def subject_of(call: Call) -> str:
    """Who holds streams and is told of limits: the principal, or the peer where callers need no credential."""
    return f"peer:{network_of(call.peer)}" if call.method.is_open else f"principal:{call.principal}"
