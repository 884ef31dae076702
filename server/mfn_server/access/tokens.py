"""Tokens of an identity provider: JSON Web Tokens, signed with a key of its JSON Web Key Set (RFC 7519, 7517)."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from time import time
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from mfn_server.access.authenticator import Refused
from mfn_server.access.presented import presented
from mfn_server.access.reporting import Flaw
from mfn_server.rpc.call import Call, Identity
from mfn_server.rpc.methods import Scope
from mfn_server.secrets.watched import Watched

ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA", "Ed25519"})
"""Ed25519 is what RFC 9864 calls EdDSA. Never `none`, nor what verifies with a secret that we would have to share."""
MIN_RSA_BITS = 2048
LEEWAY_S = 30
MAX_SUBJECT_CHARACTERS = 256
MAX_VERIFIED = 4096
CREDENTIAL = "token"
_MALFORMED = (JoseError, ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError)
"""What the library raises for tokens that are none: not every fault in their JSON is one that it expects."""


@dataclass(frozen=True, slots=True)
class _Verified:
    """What a token said; ends: seconds since 1970."""

    identity: Identity
    ends: float


@dataclass(frozen=True)
class VerifyingKeys:
    """Keys, and tokens that they have verified, by their hashes: a signature costs ten times the rest of a call."""

    keys: KeySet
    verified: dict[bytes, _Verified] = field(default_factory=dict)

    def remember(self, name: bytes, verified: _Verified) -> _Verified:
        """Keep what a token said, by its hash; of too many the oldest goes."""
        if len(self.verified) >= MAX_VERIFIED:
            del self.verified[next(iter(self.verified))]
        self.verified[name] = verified
        return verified


class BearerTokens:
    """Tokens of one issuer for one audience. Their principal is `issuer|subject`, which no API key can be named.

    keys: as `key_set` reads them. now: seconds since 1970.
    """

    costly = True

    def __init__(
        self,
        keys: Watched[VerifyingKeys],
        issuer: str,
        audience: str,
        *,
        now: Callable[[], float] = time,
    ) -> None:
        self._keys, self._issuer, self._now = keys, issuer, now
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def authenticate(self, call: Call) -> Identity | None:
        """Whom the token speaks for; its scopes are the words of its `scope` claim that this server knows."""
        token = presented(call)
        if token is None or token.count(".") != 2:
            return None
        held = await self._keys.fresh()
        name = hashlib.sha256(token.encode(errors="backslashreplace")).digest()
        verified = held.verified.get(name)
        if verified is None:
            verified = held.remember(name, self._verify(token, held.keys))
        if self._now() >= verified.ends:
            raise _expired()
        return verified.identity

    def _verify(self, token: str, keys: KeySet) -> _Verified:
        try:
            claims = jwt.decode(token, keys, registry=_Accepted()).claims
            self._claims.validate(claims)
            verified = _Verified(self._identity(claims), float(claims["exp"]) + LEEWAY_S)
        except ExpiredTokenError:
            raise _expired() from None
        except _MALFORMED:
            raise _invalid() from None
        return verified

    def _identity(self, claims: dict[str, Any]) -> Identity:
        subject, words = claims["sub"], claims.get("scope", "")
        if not (0 < len(subject) <= MAX_SUBJECT_CHARACTERS and subject.isprintable() and isinstance(words, str)):
            raise _invalid()
        scopes = frozenset(Scope(word) for word in words.split() if word in set(Scope))
        return Identity(f"{self._issuer}|{subject}", scopes, CREDENTIAL)


class _Accepted(JWSRegistry):
    """Knows our algorithms and no other, whatever else the library comes to support or to advise against."""

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


def key_set(raw: bytes) -> VerifyingKeys:
    """A key set of the file; its secrets, if somebody left any in it, appear in no error."""
    try:
        keys = KeySet.import_key_set(json.loads(raw))
        faults = _faults(keys)
    except _MALFORMED as error:
        raise ValueError(f"it is no JSON Web Key Set with usable keys ({type(error).__name__})") from None
    if faults:
        raise ValueError(f"it is no JSON Web Key Set with usable keys: {'; '.join(faults)}")
    return VerifyingKeys(keys)


def _faults(keys: KeySet) -> list[str]:
    rsa = [key.raw_value.key_size for key in keys.keys if isinstance(key, RSAKey)]
    faults = [f"an RSA key has {bits} bits, {MIN_RSA_BITS} are the least" for bits in rsa if bits < MIN_RSA_BITS]
    if not any(map(_verifies, keys.keys)):
        faults.append("none is for RS256, ES256 or Ed25519")
    return faults


def _verifies(key: Any) -> bool:
    """Whether tokens of one of our algorithms can be verified with it."""
    if key.get("use", "sig") != "sig":
        return False
    curves: dict[type, str] = {ECKey: "P-256", OKPKey: "Ed25519"}
    return isinstance(key, RSAKey) or key.get("crv", "") == curves.get(type(key))


def _expired() -> Refused:
    return Refused(Flaw.EXPIRED, "the token has expired", CREDENTIAL)


def _invalid() -> Refused:
    return Refused(Flaw.INVALID, "the token is not valid here", CREDENTIAL)
