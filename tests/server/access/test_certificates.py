"""Client certificates as credentials."""

from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mfn_client._development_certificates import DevelopmentAuthority
from mfn_server.access.authenticator import Refused, UnusableAccess
from mfn_server.access.certificates import ClientCertificates
from mfn_server.rpc.call import Call, Identity
from mfn_server.rpc.methods import Scope
from tests.server.access.calls import call_with

KEY = Ed25519PrivateKey.generate()
URI, DNS, MAIL = x509.UniformResourceIdentifier, x509.DNSName, x509.RFC822Name
SIMULATOR = Identity("cert:spiffe://lab/sim", frozenset({Scope.SIMULATE}), "certificate:spiffe://lab/sim")
READER = Identity("cert:reader", frozenset({Scope.READ}), "certificate:reader")
CERTIFICATES = ClientCertificates({"spiffe://lab/sim": ["simulate"], "reader": ["read"]})


def shown(*names: x509.GeneralName, common: tuple[str, ...] = ("reader",)) -> dict[str, list[bytes]]:
    """What grpc tells of a connection with a certificate of these names."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in common])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(subject, subject, KEY.public_key(), 1, begin, begin + timedelta(days=1))
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return {
        "x509_pem_cert": [made.sign(KEY, None).public_bytes(Encoding.PEM)],
        "x509_subject_alternative_name": [str(name.value).encode() for name in names],
        "x509_common_name": [name.encode() for name in common],
    }


def called(*names: x509.GeneralName, common: tuple[str, ...] = ("reader",)) -> Call:
    return call_with(auth=shown(*names, common=common))


async def test_the_alternative_names_count_and_without_any_the_common_name() -> None:
    assert await CERTIFICATES.authenticate(called(DNS("dns.example"), URI("spiffe://lab/sim"))) == SIMULATOR
    assert await CERTIFICATES.authenticate(called(DNS("reader"), common=("anybody",))) == READER
    assert await CERTIFICATES.authenticate(called()) == READER


@pytest.mark.parametrize(
    "call",
    [
        called(DNS("dns.example")),
        called(MAIL("ann@dns.example")),
        called(URI("reader"), common=("anybody",)),
        called(DNS("spiffe://lab/sim")),
        called(MAIL("spiffe://lab/sim")),
        called(common=("spiffe://lab/sim",)),
        called(common=("reader", "anybody")),
        called(common=("anybody", "reader")),
        call_with(auth=shown() | {"x509_pem_cert": [b"no certificate"]}),
    ],
)
async def test_a_name_of_another_kind_or_beside_alternative_ones_speaks_for_nobody(call: Call) -> None:
    with pytest.raises(Refused, match="names nobody"):
        await CERTIFICATES.authenticate(call)


async def test_a_certificate_that_names_nobody_is_refused_without_telling_who_is_known() -> None:
    with pytest.raises(Refused) as caught:
        await CERTIFICATES.authenticate(called(DNS("stranger"), common=("Reader",)))
    assert "reader" not in caught.value.message


async def test_without_a_certificate_or_beside_a_key_it_is_for_others_to_say() -> None:
    assert await CERTIFICATES.authenticate(call_with()) is None
    assert await CERTIFICATES.authenticate(call_with(auth=shown(), x_api_key="k")) is None


async def test_a_connection_shows_the_certificate_where_it_is_looked_for() -> None:
    seen: list[dict[str, list[bytes]]] = []

    async def note(request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        seen.append({name: list(values) for name, values in context.auth_context().items()})
        return b""

    authority = DevelopmentAuthority(days=2)
    own, callers = authority.server(["localhost"]), authority.client("reader")
    server = grpc.aio.server()
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {"Call": grpc.unary_unary_rpc_method_handler(note)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("some.Service", handlers),))
    mutual = grpc.ssl_server_credentials([(own.key, own.certificate)], authority.certificate, True)
    port = server.add_secure_port("127.0.0.1:0", mutual)
    await server.start()
    shows = grpc.ssl_channel_credentials(authority.certificate, callers.key, callers.certificate)
    options = [("grpc.ssl_target_name_override", "localhost")]
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", shows, options) as channel:
        calling: Any = channel.unary_unary("/some.Service/Call")
        await calling(b"")
    await server.stop(0)
    assert await CERTIFICATES.authenticate(call_with(auth=seen[0])) == READER


@pytest.mark.parametrize("words", [[], ["fly"], ["read", "READ"]])
def test_scopes_that_do_not_exist_are_refused_at_the_start(words: list[str]) -> None:
    with pytest.raises(UnusableAccess, match="'name'"):
        ClientCertificates({"name": words})
