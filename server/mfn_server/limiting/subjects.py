"""Whose buckets a call takes from."""

import ipaddress
from functools import lru_cache

from mfn_server.rpc.call import Call

SHOWN = 100
"""Characters of a subject in a message: trailers are bounded."""
HOST_BITS = 64


@lru_cache(maxsize=4096)
def network_of(peer: str) -> str:
    """The address, of IPv6 its /64: one host has a whole such network to call from."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if address.version == 4:
        return peer
    return str(ipaddress.ip_network((int(address) >> HOST_BITS << HOST_BITS, 128 - HOST_BITS)))


def subject_of(call: Call) -> str:
    """Who holds streams and is told of limits: the principal, or the peer where callers need no credential."""
    return f"peer:{network_of(call.peer)}" if call.method.is_open else f"principal:{call.principal}"
