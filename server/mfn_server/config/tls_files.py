"""What is wrong with the files of certificates and keys."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mfn_server.config.files import guarded, readable

CURVES = {"secp256r1", "secp384r1"}
Told = Iterator[tuple[str, str]]


def server_faults(cert_file: Path, key_file: Path) -> Told:
    """Faults of the server's own certificate and key, each with its setting."""
    try:
        chain = _certificates(cert_file)
        yield from (("tls_cert_file", text) for text in _out_of_time(cert_file, chain[:1]))
    except ValueError as error:
        chain = []
        yield "tls_cert_file", str(error)
    try:
        key = _private_key(key_file)
    except ValueError as error:
        yield "tls_key_file", str(error)
        return
    if not _usable(key):
        yield (
            "tls_key_file",
            f"{key_file} holds a key that grpc cannot use; name one of RSA, or ECDSA on P-256 or P-384",
        )
    if chain and chain[0].public_key() != key.public_key():
        yield "tls_key_file", f"{key_file} is not the key of the certificate in {cert_file}; name the two that belong"


def authority_faults(ca_file: Path) -> Told:
    """Faults of the authorities of client certificates; one that has expired counts only where all have."""
    try:
        authorities = _certificates(ca_file)
    except ValueError as error:
        yield "tls_client_ca_file", str(error)
        return
    faults = [list(_out_of_time(ca_file, [each])) for each in authorities]
    if all(faults):
        yield "tls_client_ca_file", faults[0][0]


def _certificates(path: Path) -> list[x509.Certificate]:
    content = readable(path).read_bytes()
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise ValueError(
            f"{path} holds no certificate in PEM; name the file that begins -----BEGIN CERTIFICATE-----"
        ) from None


def _private_key(path: Path) -> PrivateKeyTypes:
    content = guarded(path).read_bytes()
    try:
        return load_pem_private_key(content, password=None)
    except TypeError:
        raise ValueError(
            f"{path} holds a key under a password; name one without, in a file that few may read"
        ) from None
    except ValueError:
        raise ValueError(f"{path} holds no private key in PEM; name the file of the certificate's key") from None


def _usable(key: PrivateKeyTypes) -> bool:
    """Whether clients of grpc accept certificates of such keys; with others every connection would fail."""
    return isinstance(key, RSAPrivateKey) or (isinstance(key, EllipticCurvePrivateKey) and key.curve.name in CURVES)


def _out_of_time(path: Path, certificates: list[x509.Certificate]) -> Iterator[str]:
    now = datetime.now(UTC)
    for each in certificates:
        if now > each.not_valid_after_utc:
            yield f"the certificate in {path} expired on {each.not_valid_after_utc:%Y-%m-%d}; renew it"
        elif now < each.not_valid_before_utc:
            yield f"the certificate in {path} is valid from {each.not_valid_before_utc:%Y-%m-%d} on; check the clock"
