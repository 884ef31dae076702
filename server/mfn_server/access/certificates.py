"""Client certificates: whom the name in a caller's certificate speaks for."""

from collections.abc import Mapping

from mfn_server.access.authenticator import Refused, scopes_of
from mfn_server.access.presented import presented
from mfn_server.access.reporting import Flaw
from mfn_server.rpc.call import Call, Identity

ALTERNATIVE_NAMES = "x509_subject_alternative_name"
COMMON_NAME = "x509_common_name"


class ClientCertificates:
    """The names that may call, and their scopes; grpc has checked the certificate itself by then.

    A certificate's alternative names (URI, DNS) count before its common name. One beside a key or token is the
    connection's, and the key or token is the caller's. Raises UnusableAccess for unknown scopes.
    """

    def __init__(self, identities: Mapping[str, list[str]]) -> None:
        self._identities = {
            name: Identity(f"cert:{name}", scopes_of(words, f"the certificate {name!r}"), f"certificate:{name}")
            for name, words in identities.items()
        }

    async def authenticate(self, call: Call) -> Identity | None:
        """Whom the certificate of the connection speaks for; None where there is no certificate."""
        if presented(call) is not None:
            return None
        names = _names(call)
        if not names:
            return None
        for name in names:
            if identity := self._identities.get(name):
                return identity
        raise Refused(Flaw.INVALID, "the client certificate names nobody who may call here")


def _names(call: Call) -> list[str]:
    found = call.context.auth_context()
    raw = (*found.get(ALTERNATIVE_NAMES, ()), *found.get(COMMON_NAME, ()))
    return [name.decode(errors="replace") for name in raw]
