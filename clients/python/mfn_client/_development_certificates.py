"""Certificates for trying TLS out: an authority of one's own, a server and some clients that it vouches for."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

BACKDATED = timedelta(minutes=5)
"""Clocks of other machines may be behind."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes


class DevelopmentAuthority:
    """Signs certificates that hold for some days from now; its own key is never written anywhere."""

    def __init__(self, days: int, now: datetime | None = None) -> None:
        now = now or datetime.now(UTC)
        self._from, self._until = now - BACKDATED, now + timedelta(days=days)
        self._key = generate_private_key(SECP256R1())
        self._name = _name("MyceliumFractalNet development CA")
        usage = _key_usage(signs_certificates=True)
        builder = self._builder(self._name, self._key).add_extension(usage, critical=True)
        own = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = builder.add_extension(own, critical=True).sign(self._key, SHA256())

    @property
    def certificate(self) -> bytes:
        """What servers and clients trust, PEM."""
        return self._certificate.public_bytes(Encoding.PEM)

    def server(self, hosts: Sequence[str]) -> Pair:
        """For a server that is reached by these names and addresses; at least one."""
        return self._pair(hosts[0], [_host(host) for host in hosts], ExtendedKeyUsageOID.SERVER_AUTH)

    def client(self, name: str) -> Pair:
        """For a caller whom the server shall know by this name."""
        return self._pair(name, [x509.DNSName(name)], ExtendedKeyUsageOID.CLIENT_AUTH)

    def _pair(self, name: str, names: Sequence[x509.GeneralName], purpose: ObjectIdentifier) -> Pair:
        key = generate_private_key(SECP256R1())
        builder = self._builder(_name(name), key)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        signed = builder.add_extension(authority, critical=False).sign(self._key, SHA256())
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Pair(signed.public_bytes(Encoding.PEM), private)

    def _builder(self, subject: x509.Name, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        public = key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._from)
            .not_valid_after(self._until)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _key_usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
