"""One caller is one IPv4 address, or one /64 of IPv6."""

import pytest

from mfn_server.networks import network_of


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:0:0:9", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("unix:", "unix:"),
    ],
)
def test_the_addresses_of_one_host_have_one_name(peer: str, network: str) -> None:
    assert network_of(peer) == network
