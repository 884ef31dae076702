"""The keys that seal payloads at rest: the newest seals, all of them open."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

KEY_BYTES = 32
MOST_KEYS = 16
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
HEX_KEY = re.compile(r"[0-9a-fA-F]{64}")


class KeyRing:
    """Keys of 256 bits by their ids, newest first, one or more. Its text form never shows a key. Any thread may ask."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._keys = dict(keys)

    @property
    def newest(self) -> str:
        """The id of the key that seals."""
        return next(iter(self._keys))

    def require_same(self, newer: "KeyRing") -> None:
        """Raise ValueError where another key goes by an id of this ring: what it sealed could not be opened."""
        others = [key_id for key_id, key in self._keys.items() if newer.find(key_id) not in {None, key}]
        if others:
            raise ValueError(f"has another key by the id {others[0]}; a new key needs an id of its own")

    def use(self, newer: "KeyRing") -> None:
        """Seal with another ring's newest key. Keys that it left out open what they sealed until the process ends."""
        self._keys = newer.before(self._keys)

    def before(self, older: Mapping[str, bytes]) -> dict[str, bytes]:
        """The keys of this ring, and after them older ones of other ids."""
        return {**self._keys, **{key_id: key for key_id, key in older.items() if key_id not in self._keys}}

    def find(self, key_id: str) -> bytes | None:
        """The key of this id."""
        return self._keys.get(key_id)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"


def key_ring(setting: str) -> KeyRing:
    """The keys of a setting: entries `id:key`, newest first, separated by commas or white space.

    A key is 32 bytes, as 64 hexadecimal digits or in base64. Raises ValueError naming every fault by its entry's place,
    never by its key.
    """
    entries = _entries(setting)
    faults = list(_faults(entries))
    if faults:
        raise ValueError("; ".join(faults))
    return KeyRing({key_id: _key(text) or b"" for key_id, text in entries})


def _entries(setting: str) -> list[tuple[str, str]]:
    parts = [entry.partition(":") for entry in re.split(r"[,\s]+", setting) if entry]
    return [(key_id, key) for key_id, _, key in parts]


def _faults(entries: list[tuple[str, str]]) -> Iterator[str]:
    if not entries:
        yield "holds no key, must hold one at least, as id:key"
    if len(entries) > MOST_KEYS:
        yield f"holds {len(entries)} keys and may hold {MOST_KEYS}; leave out the oldest"
    seen: set[str] = set()
    for place, (key_id, text) in enumerate(entries, 1):
        if not KEY_ID.fullmatch(key_id):
            yield f"entry {place} has no usable id, must be id:key with an id of 1 to 64 of A-Z a-z 0-9 . _ -"
        elif key_id in seen:
            yield f"entry {place} has the id of an entry before it, ids must differ"
        if _key(text) is None:
            yield f"entry {place} has no usable key, must be 32 bytes as 64 hexadecimal digits or in base64"
        seen.add(key_id)


def _key(text: str) -> bytes | None:
    if HEX_KEY.fullmatch(text):
        return bytes.fromhex(text)
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return key if len(key) == KEY_BYTES else None
