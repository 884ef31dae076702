"""Whose address counts: the connection's, unless a trusted proxy says otherwise."""

import pytest

from mfn_server.interceptors.peers import Peers, TrustedProxies
from tests.server.interceptors.calls import answered, call_of

PROXIES = TrustedProxies(["10.0.0.0/8", "2001:db8:ffff::/48"])


async def seen(peer: str, *forwarded: str, proxies: TrustedProxies | None = PROXIES) -> str:
    """The address that counts. forwarded: the values of x-forwarded-for."""
    call = call_of(peer=peer, metadata=[("x-forwarded-for", value) for value in forwarded])
    await Peers(proxies)(answered, call)
    return call.peer


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:192.0.2.7:4711", "192.0.2.7"),
        ("ipv6:%5B2001:db8::1%5D:4711", "2001:db8::1"),
        ("ipv6:[2001:db8:0:0::1]:4711", "2001:db8::1"),
        ("ipv6:%5B::ffff:192.0.2.7%5D:4711", "192.0.2.7"),
        ("unix:", "unix:"),
        ("unix:/run/mfn.sock", "unix:"),
        ("unix-abstract:mfn", "unix-abstract:"),
    ],
)
async def test_the_address_is_without_scheme_and_port(peer: str, address: str) -> None:
    assert await seen(peer, proxies=None) == address


async def test_nobody_is_believed_where_no_proxy_is_trusted() -> None:
    assert await seen("ipv4:10.0.0.1:1", "203.0.113.9", proxies=None) == "10.0.0.1"


@pytest.mark.parametrize("peer", ["ipv4:192.0.2.7:1", "ipv6:%5B2001:db8::1%5D:1"])
async def test_a_hop_that_is_not_trusted_is_not_believed(peer: str) -> None:
    assert await seen(peer, "203.0.113.9") == await seen(peer, proxies=None)
    assert await seen("unix:", "203.0.113.9") == "unix:"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["1.1.1.1, 203.0.113.9"], "203.0.113.9"),  # the caller made the first one up
        (["1.1.1.1", "203.0.113.9"], "203.0.113.9"),  # the proxy added an entry of its own
        (["203.0.113.9, 10.1.1.1, 10.2.2.2"], "203.0.113.9"),  # three proxies in a row
        (["1.1.1.1, 203.0.113.9, 10.2.2.2"], "203.0.113.9"),
        (["10.1.1.1, 10.2.2.2"], "10.1.1.1"),  # a caller among the proxies
        (["203.0.113.9:4711"], "203.0.113.9"),
        (["2001:db8::9"], "2001:db8::9"),
        (["[2001:db8::9]"], "2001:db8::9"),
        (["[2001:db8::9]:4711, 2001:db8:ffff::1"], "2001:db8::9"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["  203.0.113.9  "], "203.0.113.9"),
    ],
)
async def test_the_rightmost_address_that_is_no_trusted_proxys_counts(forwarded: list[str], address: str) -> None:
    assert await seen("ipv4:10.0.0.1:1", *forwarded) == address


@pytest.mark.parametrize(
    "garbage",
    ["", ",", "unknown", "203.0.113.9, ", "999.1.1.1", "203.0.113.9;", "203.0.113.9:x", "[::1", "a" * 4000, "_hidden"],
)
async def test_what_is_no_address_leaves_the_nearest_hop_that_is_known(garbage: str) -> None:
    assert await seen("ipv4:10.0.0.1:1", garbage) == "10.0.0.1"
    assert await seen("ipv4:10.0.0.1:1", f"203.0.113.9, {garbage}, 10.3.3.3") == "10.3.3.3"


async def test_a_caller_cannot_choose_its_address_whatever_it_sends() -> None:
    for made_up in ("10.0.0.9", "1.1.1.1, 10.0.0.9", "10.0.0.9, " * 40 + "10.0.0.9"):
        assert await seen("ipv4:10.0.0.1:1", made_up, "203.0.113.9") == "203.0.113.9"


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/33"):
        TrustedProxies(["10.0.0.0/33"])
