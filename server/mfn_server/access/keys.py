"""API keys: those of the keys file, and those of MFN_API_KEY."""

import hashlib
import hmac
import math
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import time

from mfn_server.access.authenticator import ALL_SCOPES, NO_CREDENTIAL, Refused
from mfn_server.access.key_format import PREFIX, digest_of, id_of
from mfn_server.access.key_records import KeyRecord, parse
from mfn_server.access.presented import presented
from mfn_server.access.reporting import Audit, Flaw
from mfn_server.rpc.call import Call, Identity
from mfn_server.secrets.watched import Watched

DEFAULT_PRINCIPAL = "default"
NO_DIGEST = bytes(32)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A record as the check needs it; ends: seconds since 1970."""

    identity: Identity
    digest: bytes
    revoked: bool
    ends: float


Entries = dict[str, _Entry]
MOST_PROVEN = 4096


class _Proven:
    """Keys that have been found right, while neither the file nor the peppers change: HMAC costs more than all else.

    Kept by a hash of their own under a secret of this process, in bounded number; whether a key has ended or is revoked
    is looked at every time. Only right keys are here, so that what is quicker tells a stranger nothing.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._under: tuple[Entries, tuple[str, ...]] = ({}, ())
        self._entries: dict[bytes, _Entry] = {}

    def entry_of(self, name: bytes, entries: Entries, peppers: tuple[str, ...]) -> _Entry | None:
        """The entry of a key that was proven under just these."""
        if self._under[0] is not entries or self._under[1] is not peppers:
            self._under, self._entries = (entries, peppers), {}
        return self._entries.get(name)

    def name_of(self, key: str) -> bytes:
        """What a key is kept under."""
        return hashlib.blake2s(key.encode(errors="backslashreplace"), key=self._secret).digest()

    def remember(self, name: bytes, entry: _Entry) -> None:
        """Keep it; of too many the oldest goes."""
        if len(self._entries) >= MOST_PROVEN:
            del self._entries[next(iter(self._entries))]
        self._entries[name] = entry


class ApiKeys:
    """The keys of a file that `mfn keys` writes; any number of them hold at once, so that they can be rotated.

    keys: as `entries` reads them. peppers: a key holds under any of them. now: seconds since 1970.
    """

    costly = False

    def __init__(
        self,
        keys: Watched[Entries],
        peppers: Watched[tuple[str, ...]],
        *,
        now: Callable[[], float] = time,
    ) -> None:
        self._keys, self._peppers, self._now = keys, peppers, now
        self._proven = _Proven()

    async def authenticate(self, call: Call) -> Identity | None:
        """Whom the key speaks for."""
        key = presented(call)
        if key is None or not key.startswith(PREFIX):
            return None
        return self._checked(key, await self._keys.fresh())

    def _checked(self, key: str, entries: Entries) -> Identity:
        peppers, name = self._peppers.current, self._proven.name_of(key)
        entry = self._proven.entry_of(name, entries, peppers)
        if entry is None:
            entry = _proof(key, entries, peppers)
            self._proven.remember(name, entry)
        if entry.revoked:
            raise Refused(Flaw.REVOKED, "the API key has been revoked", entry.identity.credential)
        if self._now() >= entry.ends:
            raise Refused(Flaw.EXPIRED, "the API key has expired", entry.identity.credential)
        return entry.identity


def _proof(key: str, entries: Entries, peppers: tuple[str, ...]) -> _Entry:
    """The same work whether or not there is such an id, so that the time it takes tells nothing."""
    entry = entries.get(id_of(key))
    expected = NO_DIGEST if entry is None else entry.digest
    holds = 0
    for pepper in peppers:
        holds |= hmac.compare_digest(digest_of(key, pepper.encode()), expected)
    if entry is None or not holds:
        known = NO_CREDENTIAL if entry is None else entry.identity.credential
        raise Refused(Flaw.INVALID, "the API key is not valid here", known)
    return entry


class SingleKey:
    """The key of a server without a keys file, or several while it is exchanged; each may do everything."""

    costly = False

    def __init__(self, *keys: str) -> None:
        self.use(keys)
        self._identity = Identity(DEFAULT_PRINCIPAL, ALL_SCOPES, f"key:{DEFAULT_PRINCIPAL}")

    def use(self, keys: Iterable[str]) -> None:
        """Accept these from now on, and no other."""
        self._digests = tuple(map(_hashed, keys))

    async def authenticate(self, call: Call) -> Identity | None:
        """The server's own principal, for exactly these keys; any other text may be a credential of another kind."""
        key = presented(call)
        if key is None:
            return None
        hashed, holds = _hashed(key), 0
        for digest in self._digests:
            holds |= hmac.compare_digest(hashed, digest)
        return self._identity if holds else None


def _hashed(key: str) -> bytes:
    """Of one length whatever the key's, which the comparison would tell."""
    return hashlib.sha256(key.encode(errors="backslashreplace")).digest()


def entries(raw: bytes) -> Entries:
    """The keys of a file by their ids; raises InvalidKeys."""
    return {record.id: _entry(record) for record in parse(raw)}


def told_of(audit: Audit) -> Callable[[Entries], None]:
    """Records in the audit that the keys were read again."""

    def tell(entries: Entries) -> None:
        revoked = sum(entry.revoked for entry in entries.values())
        audit.record("key.reloaded", count=len(entries), revoked_count=revoked)

    return tell


def _entry(record: KeyRecord) -> _Entry:
    return _Entry(
        identity=Identity(record.principal, frozenset(record.scopes), f"key:{record.id}"),
        digest=bytes.fromhex(record.digest),
        revoked=record.revoked is not None,
        ends=math.inf if record.expires is None else record.expires.timestamp(),
    )
