"""API keys: those of the keys file, and the single one of MFN_API_KEY."""

import hashlib
import hmac
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import time

from mfn_server.access.authenticator import ALL_SCOPES, NO_CREDENTIAL, Refused
from mfn_server.access.key_format import PREFIX, digest_of, id_of
from mfn_server.access.key_records import KeyRecord, parse
from mfn_server.access.presented import presented
from mfn_server.access.reporting import Audit, Flaw, Reloads
from mfn_server.access.watched import LOOK_EVERY_S, Watched
from mfn_server.rpc.call import Call, Identity

DEFAULT_PRINCIPAL = "default"
NO_DIGEST = bytes(32)
SETTING = "api_keys_file"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A record as the check needs it; ends: seconds since 1970."""

    identity: Identity
    digest: bytes
    revoked: bool
    ends: float


_Entries = dict[str, _Entry]


class ApiKeys:
    """The keys of a file that `mfn keys` writes; any number of them hold at once, so that they can be rotated.

    Raises OSError and InvalidKeys when the file cannot be used. now: seconds since 1970.
    """

    costly = False

    def __init__(
        self,
        file: Path,
        pepper: bytes,
        audit: Audit,
        reloads: Reloads | None = None,
        *,
        now: Callable[[], float] = time,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._pepper, self._audit, self._now = pepper, audit, now
        self._file = Watched(
            file, _entries, setting=SETTING, reloads=reloads, on_reload=self._tell, look_every_s=look_every_s
        )

    async def authenticate(self, call: Call) -> Identity | None:
        """Whom the key speaks for."""
        key = presented(call)
        if key is None or not key.startswith(PREFIX):
            return None
        return self._checked(key, await self._file.fresh())

    def _checked(self, key: str, entries: _Entries) -> Identity:
        """The same work whether or not there is such an id, so that the time it takes tells nothing."""
        entry = entries.get(id_of(key))
        holds = hmac.compare_digest(digest_of(key, self._pepper), NO_DIGEST if entry is None else entry.digest)
        if entry is None or not holds:
            known = NO_CREDENTIAL if entry is None else entry.identity.credential
            raise Refused(Flaw.INVALID, "the API key is not valid here", known)
        if entry.revoked:
            raise Refused(Flaw.REVOKED, "the API key has been revoked", entry.identity.credential)
        if self._now() >= entry.ends:
            raise Refused(Flaw.EXPIRED, "the API key has expired", entry.identity.credential)
        return entry.identity

    def _tell(self, entries: _Entries) -> None:
        revoked = sum(entry.revoked for entry in entries.values())
        self._audit.record("key.reloaded", count=len(entries), revoked_count=revoked)


class SingleKey:
    """The one key of a server without a keys file; it may do everything."""

    costly = False

    def __init__(self, key: str) -> None:
        self._digest = _hashed(key)
        self._identity = Identity(DEFAULT_PRINCIPAL, ALL_SCOPES, f"key:{DEFAULT_PRINCIPAL}")

    async def authenticate(self, call: Call) -> Identity | None:
        """The server's own principal, for exactly this key; any other text may be a credential of another kind."""
        key = presented(call)
        if key is None or not hmac.compare_digest(_hashed(key), self._digest):
            return None
        return self._identity


def _hashed(key: str) -> bytes:
    """Of one length whatever the key's, which the comparison would tell."""
    return hashlib.sha256(key.encode(errors="backslashreplace")).digest()


def _entries(raw: bytes) -> _Entries:
    return {record.id: _entry(record) for record in parse(raw)}


def _entry(record: KeyRecord) -> _Entry:
    return _Entry(
        identity=Identity(record.principal, frozenset(record.scopes), f"key:{record.id}"),
        digest=bytes.fromhex(record.digest),
        revoked=record.revoked is not None,
        ends=math.inf if record.expires is None else record.expires.timestamp(),
    )
