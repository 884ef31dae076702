"""The server's certificate: read when its files change, the last good one kept when they do not hold together.

TLS 1.2 is the least that grpc negotiates. A changed file counts from the next connection on; open ones go on as they
are. The files were checked with the settings before the first certificate is made of them.
"""

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509

from mfn_server.access.reporting import Reloads
from mfn_server.config.listening import ClientAuthentication, TransportSecurity
from mfn_server.config.settings import Settings
from mfn_server.config.tls_files import authority_faults, server_faults

SETTING = "tls_cert_file"

log = logging.getLogger(__name__)

Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True)
class CertificateFiles:
    """Where the certificate is; `client_ca` holds the authorities of callers' certificates, None: none are asked for.

    All are PEM; `certificate` has the server's own first, then the authorities between it and the root.
    """

    certificate: Path
    key: Path
    client_ca: Path | None

    def stamp(self) -> Stamp:
        """What changes with the files; looks at them without reading."""
        return tuple(_stamp(path) for path in (self.certificate, self.key, self.client_ca) if path is not None)

    def faults(self) -> list[str]:
        """Why the files cannot be used; nothing, if they can."""
        told = [*server_faults(self.certificate, self.key)]
        if self.client_ca is not None:
            told += authority_faults(self.client_ca)
        return [text for _, text in told]


@dataclass(frozen=True)
class _Certificate:
    configuration: grpc.ServerCertificateConfiguration
    expiry: float


class ServerCertificate:
    """The certificate in use. Safe to use from any thread: grpc asks for news on its own, before every handshake."""

    def __init__(self, files: CertificateFiles, reloads: Reloads | None = None) -> None:
        """Read the files; raises OSError or ValueError when they have become unusable since they were checked."""
        self._files, self._reloads = files, reloads
        self._lock = threading.Lock()
        self._seen = files.stamp()
        self._current = _read(files)

    def certificate_expiry(self) -> float:
        """When the certificate in use expires, in seconds of the Unix epoch."""
        return self._current.expiry

    def credentials(self) -> grpc.ServerCredentials:
        """What a port is opened with."""
        news: Any = self.news  # None, which means no change, is missing from the annotations of grpc
        required = self._files.client_ca is not None
        return grpc.dynamic_ssl_server_credentials(self._current.configuration, news, required)

    def news(self) -> grpc.ServerCertificateConfiguration | None:
        """The new certificate, once, after its files have changed into a good one; None otherwise."""
        with self._lock:
            stamp = self._files.stamp()
            if stamp == self._seen:
                return None
            read = self._read_again()
            if self._files.stamp() != stamp:
                return None  # somebody is writing them: the next connection looks again
            self._seen = stamp
            return self._take(read)

    def _read_again(self) -> _Certificate | str:
        """The certificate that the files hold now, or why they cannot be used."""
        try:
            return "; ".join(self._files.faults()) or _read(self._files)
        except (OSError, ValueError) as error:
            return str(error)

    def _take(self, read: _Certificate | str) -> grpc.ServerCertificateConfiguration | None:
        if self._reloads is not None:
            self._reloads.count(SETTING, succeeded=not isinstance(read, str))
        if isinstance(read, str):
            log.error("the TLS certificate in use stays, until %s: %s", _date(self._current), read)
            return None
        self._current = read
        log.info("the TLS certificate is renewed; it expires at %s", _date(read))
        return read.configuration


def server_certificate(settings: Settings, reloads: Reloads | None = None) -> ServerCertificate | None:
    """The certificate that the settings name; None where the server does not encrypt.

    reloads: is told, from any thread, when the files were read again.

    Raises:
        OSError, ValueError: the files have become unusable since the settings were checked.
    """
    if settings.transport_security is not TransportSecurity.TLS:
        return None
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        raise ValueError("TLS needs MFN_TLS_CERT_FILE and MFN_TLS_KEY_FILE")
    required = settings.tls_client_auth is ClientAuthentication.REQUIRED
    client_ca = settings.tls_client_ca_file if required else None
    return ServerCertificate(CertificateFiles(settings.tls_cert_file, settings.tls_key_file, client_ca), reloads)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    with suppress(OSError):  # a file that is missing has no stamp; checking it says why
        found = path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None


def _read(files: CertificateFiles) -> _Certificate:
    chain, key = files.certificate.read_bytes(), files.key.read_bytes()
    client_ca = None if files.client_ca is None else files.client_ca.read_bytes()
    own = x509.load_pem_x509_certificates(chain)[0]
    return _Certificate(
        grpc.ssl_server_certificate_configuration([(key, chain)], client_ca), own.not_valid_after_utc.timestamp()
    )


def _date(certificate: _Certificate) -> str:
    return datetime.fromtimestamp(certificate.expiry, UTC).isoformat()
