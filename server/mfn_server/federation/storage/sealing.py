"""How a sealed file is laid out, and the only cipher there is: AES-256-GCM, segment by segment.

A header (magic, id of the key, random id of the file), then segments of 64 KiB of payload, the last one shorter or
empty: a random nonce of 96 bits, the encrypted bytes, a tag of 128 bits. Each tag also covers the header, the identity
of the file (which federation, which payload), the segment's index, and whether it is the last: a segment that was
altered, moved, taken from another file or cut off the end does not open.

Random nonces under one key are safe up to 2^32 segments (NIST SP 800-38D, 8.3): 256 TiB, then take another key.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mfn_server.federation.storage.errors import KeyMissing, SealBroken
from mfn_server.federation.storage.keys import KEY_ID, KeyRing

SEGMENT_BYTES = 1 << 16
"""Small, so that reading a few columns of many updates opens little more than that."""
NONCE_BYTES = 12
OVERHEAD_BYTES = NONCE_BYTES + 16
MAGIC = b"MFNSEAL1"
FILE_ID_BYTES = 16
MAX_HEADER_BYTES = len(MAGIC) + 1 + 64 + FILE_ID_BYTES


@dataclass(frozen=True)
class Header:
    """The first bytes of a sealed file."""

    key_id: str
    file_id: bytes

    def encode(self) -> bytes:
        """The bytes."""
        return MAGIC + bytes([len(self.key_id)]) + self.key_id.encode() + self.file_id


class Seal:
    """Seals and opens the segments of one file. identity: which payload of which federation it is."""

    def __init__(self, path: Path, header: Header, identity: str, keys: KeyRing | None) -> None:
        key = None if keys is None else keys.find(header.key_id)
        if key is None:
            raise KeyMissing(path, header.key_id)
        self._path, self.header = path, header
        self.header_bytes = header.encode()
        self._cipher = AESGCM(key)
        self._bound = self.header_bytes + struct.pack("<I", len(identity.encode())) + identity.encode()

    @classmethod
    def new(cls, path: Path, identity: str, keys: KeyRing) -> "Seal":
        """For a new file, with the newest key."""
        return cls(path, Header(keys.newest, os.urandom(FILE_ID_BYTES)), identity, keys)

    @classmethod
    def of(cls, path: Path, start: bytes, identity: str, keys: KeyRing | None) -> "Seal":
        """For a file that begins with `start`, its first MAX_HEADER_BYTES (fewer when it is shorter)."""
        return cls(path, _parse(path, start), identity, keys)

    def seal(self, index: int, last: bool, data: bytes | memoryview) -> tuple[bytes, bytes]:
        """A segment as it stands in the file, in two parts."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce, self._cipher.encrypt(nonce, data, self._associated(index, last))

    def open(self, index: int, last: bool, segment: bytes | memoryview) -> bytes:
        """The payload of a segment; raises SealBroken."""
        nonce, sealed = bytes(segment[:NONCE_BYTES]), segment[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, self._associated(index, last))
        except (InvalidTag, ValueError):
            what = (
                f"segment {index} was altered, cut or belongs elsewhere, or the key is not the one it was sealed with"
            )
            raise SealBroken(self._path, self.header.key_id, what) from None

    def place(self, index: int) -> int:
        """Where a segment begins in the file."""
        return len(self.header_bytes) + index * (SEGMENT_BYTES + OVERHEAD_BYTES)

    def _associated(self, index: int, last: bool) -> bytes:
        return self._bound + struct.pack("<Q?", index, last)


def _parse(path: Path, start: bytes) -> Header:
    length = start[len(MAGIC)] if len(start) > len(MAGIC) else 0
    id_end = len(MAGIC) + 1 + length
    key_id = start[len(MAGIC) + 1 : id_end].decode("ascii", errors="replace")
    file_id = start[id_end : id_end + FILE_ID_BYTES]
    if not start.startswith(MAGIC) or not KEY_ID.fullmatch(key_id) or len(file_id) != FILE_ID_BYTES:
        raise SealBroken(path, "unknown", "its header is damaged")
    return Header(key_id, file_id)
