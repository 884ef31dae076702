"""Client certificates as credentials."""

import pytest

from mfn_server.access.authenticator import Refused, UnusableAccess
from mfn_server.access.certificates import ClientCertificates
from mfn_server.rpc.call import Identity
from mfn_server.rpc.methods import Scope
from tests.server.access.calls import call_with

SIMULATOR = Identity("cert:spiffe://lab/sim", frozenset({Scope.SIMULATE}), "certificate:spiffe://lab/sim")
READER = Identity("cert:reader", frozenset({Scope.READ}), "certificate:reader")
CERTIFICATES = ClientCertificates({"spiffe://lab/sim": ["simulate"], "reader": ["read"]})


def shown(*names: str, common: str) -> dict[str, list[bytes]]:
    return {
        "x509_subject_alternative_name": [name.encode() for name in names],
        "x509_common_name": [common.encode()],
    }


async def test_an_alternative_name_counts_before_the_common_name() -> None:
    both = call_with(auth=shown("dns.example", "spiffe://lab/sim", common="reader"))
    assert await CERTIFICATES.authenticate(both) == SIMULATOR
    assert await CERTIFICATES.authenticate(call_with(auth=shown("dns.example", common="reader"))) == READER


async def test_a_certificate_that_names_nobody_is_refused_without_telling_who_is_known() -> None:
    with pytest.raises(Refused) as caught:
        await CERTIFICATES.authenticate(call_with(auth=shown("stranger", common="Reader")))
    assert "reader" not in caught.value.message


async def test_without_a_certificate_or_beside_a_key_it_is_for_others_to_say() -> None:
    assert await CERTIFICATES.authenticate(call_with()) is None
    assert await CERTIFICATES.authenticate(call_with(auth=shown(common="reader"), x_api_key="k")) is None


@pytest.mark.parametrize("words", [[], ["fly"], ["read", "READ"]])
def test_scopes_that_do_not_exist_are_refused_at_the_start(words: list[str]) -> None:
    with pytest.raises(UnusableAccess, match="'name'"):
        ClientCertificates({"name": words})
