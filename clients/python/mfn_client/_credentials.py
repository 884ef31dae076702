"""What a client shows of itself: a key, a token or a certificate, and how it is kept from other eyes."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from mfn_client._exceptions import InsecureCredentials, InvalidCredentials
from mfn_client._tls import Tls

Token = str | Callable[[], str]
"""A token, or what returns a fresh one for every call; it is called where the call is made and must not wait."""

_SOCKETS = ("unix:", "unix-abstract:")
_LOCAL_NAMES = re.compile(r"(dns:(///)?)?localhost(:\d+)?", re.IGNORECASE)
_ADDRESS = re.compile(r"(ipv4:|ipv6:|dns:(///)?)?(?P<host>\[[^\]]*\]|[^:\[\]/,]+)(:\d+)?")


@dataclass(frozen=True)
class Credentials:
    """A key or a token, and the encryption; `repr` tells neither key nor token. Empty ones are none."""

    api_key: str | None = field(default=None, repr=False)
    token: Token | None = field(default=None, repr=False)
    tls: Tls | None = None

    @classmethod
    def of(cls, target: str, api_key: str | None, token: Token | None, tls: Tls | bool | None) -> "Credentials":
        """The credentials that a caller gave for a target.

        Raises:
            InsecureCredentials: a key or token would leave this machine in plain text.
            InvalidCredentials: there are both, or one that cannot be sent.
        """
        encryption = tls if isinstance(tls, Tls) else Tls() if tls else None
        given = cls(api_key or None, token or None, encryption)
        given._check(target)
        return given

    def _check(self, target: str) -> None:
        if self.api_key is not None and self.token is not None:
            raise InvalidCredentials("Both an API key and a token are given; a call carries one of them")
        for name, secret in (("API key", self.api_key), ("token", self.token)):
            if isinstance(secret, str):
                _check_text(name, secret)
            if secret is not None and self.tls is None and not is_loopback(target):
                raise InsecureCredentials(
                    f"The {name} would travel to {target} in plain text. Encrypt the connection with tls (for the mfn "
                    "command: --tls or --ca-file FILE); or connect through a tunnel or a proxy that listens on this "
                    "machine and encrypts, and use its loopback address as the target."
                )

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What a call carries of them; a certificate goes with the connection.

        Raises:
            InvalidCredentials: the function for the token returned one that cannot be sent.
        """
        if self.api_key is not None:
            return (("x-api-key", self.api_key),)
        if self.token is None:
            return ()
        if isinstance(self.token, str):
            return (("authorization", f"Bearer {self.token}"),)
        fresh = self.token()
        _check_text("token", fresh)
        return (("authorization", f"Bearer {fresh}"),)


def is_loopback(target: str) -> bool:
    """Whether a target stays on this machine: a Unix socket, localhost, or one loopback address."""
    if target.startswith(_SOCKETS) or _LOCAL_NAMES.fullmatch(target):
        return True
    import ipaddress  # noqa: PLC0415  # localhost needs none of it

    found = _ADDRESS.fullmatch(target)
    try:
        return found is not None and ipaddress.ip_address(found["host"].strip("[]")).is_loopback
    except ValueError:
        return False


def _check_text(name: str, secret: str) -> None:
    """Refuse what grpc would refuse in words of its own, which quote it."""
    if not (secret and secret.isascii() and secret.isprintable() and secret == secret.strip()):
        raise InvalidCredentials(f"The {name} must be printable ASCII without blanks or line breaks around it")
