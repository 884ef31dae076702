"""Payloads to store, and the keys to seal them with."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from mfn_server.federation.storage.draft import Claim
from mfn_server.federation.storage.keys import KeyRing
from mfn_server.federation.storage.payload_store import PayloadStore

KEYS = KeyRing({"new": bytes(range(32)), "old": bytes(range(32, 64))})
OLD_KEYS = KeyRing({"old": bytes(range(32, 64))})
BOTH = {"plain": None, "sealed": KEYS}
"""How a folder may be configured."""


def payload(size: int) -> bytes:
    """Bytes whose place can be told from their value."""
    words = (number.to_bytes(8, "little") for number in range(size // 8 + 1))
    return b"".join(words)[:size]


def claim_of(data: bytes) -> Claim:
    return Claim(hashlib.sha256(data).digest(), len(data))


def store_in(folder: Path, keys: KeyRing | None) -> PayloadStore:
    return PayloadStore(folder, "federation-uid", keys)


def keep(store: PayloadStore, key: str, data: bytes) -> None:
    """A finished payload."""
    draft = store.draft(key)
    draft.append(data)
    draft.finish(hashlib.sha256(data).digest())


def content(store: PayloadStore, key: str) -> bytes:
    """All of a finished payload."""
    found = store.open(key)
    return bytes(found.read(0, found.size))


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))
