"""What the addresses of one caller have in common."""

import ipaddress
from functools import lru_cache

HOST_BITS = 64


@lru_cache(maxsize=4096)
def network_of(peer: str) -> str:
    """The address, of IPv6 its /64: one host has a whole such network to call from. What is no address stays as is."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:  # a socket of this machine
        return peer
    if address.version == 4:
        return peer
    return str(ipaddress.ip_network((int(address) >> HOST_BITS << HOST_BITS, 128 - HOST_BITS)))
