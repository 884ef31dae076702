"""Client certificates: whom the name in a caller's certificate speaks for.

The certificate itself is read: what grpc tells of its names does not say which kind each of them is, and a name of a
kind that the authority does not check must not pass for one that it does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from mfn_server.access.authenticator import Refused, scopes_of
from mfn_server.access.presented import presented
from mfn_server.access.reporting import Flaw
from mfn_server.rpc.call import Call, Identity

CERTIFICATE = "x509_pem_cert"
MAX_READ = 1024
"""Certificates whose names are kept: to read one costs more than the rest of a call."""
URI_MARK = "://"
_UNREADABLE = (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


@dataclass(frozen=True, slots=True)
class _Names:
    """uris: alternative names that are URIs. others: those that are DNS names, or the only common name."""

    uris: tuple[str, ...]
    others: tuple[str, ...]


class ClientCertificates:
    """The names that may call, and their scopes; grpc has checked the certificate itself by then.

    The alternative names of a certificate count (URI, DNS); its common name only where it has none of any kind, and
    only one. An identity with :// is a URI and nothing else. A certificate beside a key or token is the connection's,
    and the key or token is the caller's. Raises UnusableAccess for unknown scopes.
    """

    costly = False

    def __init__(self, identities: Mapping[str, list[str]]) -> None:
        self._identities = {
            name: Identity(f"cert:{name}", scopes_of(words, f"the certificate {name!r}"), f"certificate:{name}")
            for name, words in identities.items()
        }

    async def authenticate(self, call: Call) -> Identity | None:
        """Whom the certificate of the connection speaks for; None where there is no certificate."""
        if presented(call) is not None:
            return None
        shown = next(iter(call.context.auth_context().get(CERTIFICATE, ())), None)
        if shown is None:
            return None
        if identity := self._named(_names(shown)):
            return identity
        raise Refused(Flaw.INVALID, "the client certificate names nobody who may call here")

    def _named(self, names: _Names) -> Identity | None:
        possible = (*names.uris, *(name for name in names.others if URI_MARK not in name))
        return next((self._identities[name] for name in possible if name in self._identities), None)


@lru_cache(maxsize=MAX_READ)
def _names(pem: bytes) -> _Names:
    """The names that may speak for a caller; none of a certificate that cannot be read."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        return _alternative(certificate) or _common(certificate)
    except _UNREADABLE:
        return _Names((), ())


def _alternative(certificate: x509.Certificate) -> _Names | None:
    """None where the certificate has no alternative names at all."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    uris = (name for name in names.get_values_for_type(x509.UniformResourceIdentifier) if URI_MARK in name)
    return _Names(tuple(uris), tuple(names.get_values_for_type(x509.DNSName)))


def _common(certificate: x509.Certificate) -> _Names:
    """Of several common names none counts: authorities differ in which of them they check."""
    found = [str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return _Names((), tuple(found) if len(found) == 1 else ())
