"""How a connection is encrypted, and the certificate that the client shows."""

# ruff: noqa: PLC0415  # cryptography and pathlib are loaded only where there are certificates to look at

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grpc

from mfn_client._exceptions import InvalidCredentials

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.x509 import Certificate


@dataclass(frozen=True)
class Tls:
    """Encrypts a connection, TLS 1.2 or later; all files are PEM and read when the channel opens.

    Attributes:
        ca_file: The authorities that may vouch for the server. Default: the public ones that come with grpc, or the
            file that GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names.
        cert_file: The client's certificate, which servers with mutual TLS ask for; its chain may follow it.
        key_file: The key of that certificate, unencrypted.

    Raises:
        InvalidCredentials: there is a certificate without a key, or a key without a certificate.
    """

    ca_file: str | Path | None = None
    cert_file: str | Path | None = None
    key_file: str | Path | None = None

    def __post_init__(self) -> None:
        if (self.cert_file is None) != (self.key_file is None):
            raise InvalidCredentials("A client certificate and its key belong together; give both or neither")


def channel_credentials(tls: Tls) -> grpc.ChannelCredentials:
    """What a channel is opened with.

    Raises:
        InvalidCredentials: the files are no certificates, have expired or do not belong together.
        OSError: a file cannot be read.
    """
    from pathlib import Path

    ca = None if tls.ca_file is None else _checked_ca(Path(tls.ca_file))
    if tls.cert_file is None or tls.key_file is None:
        return grpc.ssl_channel_credentials(ca)
    return grpc.ssl_channel_credentials(ca, *_checked_pair(Path(tls.cert_file), Path(tls.key_file)))


def _checked_ca(path: Path) -> bytes:
    pem = path.read_bytes()
    _certificates(path, pem)
    return pem


def _checked_pair(cert_file: Path, key_file: Path) -> tuple[bytes, bytes]:
    """Key and certificate as they are in the files."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    chain, key = cert_file.read_bytes(), key_file.read_bytes()
    own = _certificates(cert_file, chain)[0]
    if datetime.now(UTC) > own.not_valid_after_utc:
        raise InvalidCredentials(f"The client certificate in {cert_file} expired at {own.not_valid_after_utc}")
    try:
        public = load_pem_private_key(key, password=None).public_key()
    except (TypeError, ValueError):  # the error may quote the file
        raise InvalidCredentials(f"{key_file} holds no unencrypted private key in PEM") from None
    if own.public_key() != public:
        raise InvalidCredentials(f"{key_file} is not the key of the certificate in {cert_file}")
    return key, chain


def _certificates(path: Path, pem: bytes) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(pem)
    except ValueError:
        raise InvalidCredentials(f"{path} holds no certificates in PEM") from None
