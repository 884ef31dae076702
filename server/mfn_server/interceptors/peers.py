"""Whose address a call comes from: the connection's, or what a trusted proxy says of it."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Observer

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MOST_HOPS = 16


class TrustedProxies:
    """Networks (CIDR blocks) whose word on the caller's address is believed; raises ValueError for what is none."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(network, strict=False) for network in networks]

    def caller(self, hop: str, forwarded: str) -> str:
        """The address that called the first proxy.

        hop: the connection's address. forwarded: every value of x-forwarded-for, in order. It is read from the right,
        where the nearest proxy added; the first address that is no trusted proxy's is the caller's, and whatever stands
        left of it was written by the caller. What is no address ends the reading: nobody vouches for it.
        """
        nearest = hop
        for entry in reversed(forwarded.split(",")[-MOST_HOPS:]):
            if not self._trusted(nearest):
                break
            address = _address(entry)
            if address is None:
                break
            nearest = str(address)
        return nearest

    def _trusted(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self._networks)


class Peers(Observer):
    """Makes `call.peer` an address without scheme and port, such as 10.0.0.7, 2001:db8::1 or `unix:`.

    proxies: None where x-forwarded-for is not looked at.
    """

    def __init__(self, proxies: TrustedProxies | None) -> None:
        self._caller = None if proxies is None else lru_cache(maxsize=1024)(proxies.caller)

    def begin(self, call: Call) -> None:
        """Name the caller's address."""
        call.peer = _host(call.peer)
        if self._caller is not None and "x-forwarded-for" in call.metadata:
            call.peer = self._caller(call.peer, _forwarded(call))


def _forwarded(call: Call) -> str:
    """All values: a proxy may add its own as one more, behind those that the caller made up."""
    values = (value for key, value in call.context.invocation_metadata() or () if key == "x-forwarded-for")
    return ",".join(value for value in values if isinstance(value, str))


@lru_cache(maxsize=4096)
def _host(peer: str) -> str:
    """The address in what gRPC calls a peer: ipv4:10.0.0.7:4711, ipv6:%5B2001:db8::1%5D:4711, unix:/path."""
    scheme, _, rest = unquote(peer).partition(":")
    if scheme not in {"ipv4", "ipv6"}:
        return f"{scheme}:"
    address = _address(rest)
    return rest if address is None else str(address)


def _address(text: str) -> Address | None:
    """The address in 10.0.0.7, 10.0.0.7:4711, 2001:db8::1, [2001:db8::1] or [2001:db8::1]:4711; None in others."""
    bare = text.strip()
    if bare.startswith("["):
        bare, closed, port = bare[1:].partition("]")
        port = port.removeprefix(":") if closed else "none"
    elif bare.count(":") == 1:
        bare, _, port = bare.partition(":")
    else:
        port = ""
    if port and not (port.isascii() and port.isdigit()):
        return None
    return _parsed(bare)


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped  # as a socket for both families shows IPv4 callers
    return address
