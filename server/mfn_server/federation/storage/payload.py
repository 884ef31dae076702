"""Finished payloads, read in place: mapped when plain, opened segment by segment when sealed."""

import mmap
import os
from pathlib import Path
from typing import Protocol

from mfn_server.federation.storage.durable import opened
from mfn_server.federation.storage.errors import SealBroken
from mfn_server.federation.storage.keys import KeyRing
from mfn_server.federation.storage.sealing import MAX_HEADER_BYTES, OVERHEAD_BYTES, SEGMENT_BYTES, Seal


class Payload(Protocol):
    """The bytes of a finished payload; several threads may read. size: their number."""

    size: int

    def read(self, start: int, stop: int) -> memoryview:
        """Bytes start to stop, which must lie inside. Raises SealBroken."""

    def close(self) -> None:
        """Give the file up; what was read stays valid."""


class PlainPayload:
    """A payload that stands in its file as it is. What is read is the file itself, in the system's cache."""

    def __init__(self, path: Path) -> None:
        self._bytes = _mapped(path)
        self.size = self._bytes.nbytes

    def read(self, start: int, stop: int) -> memoryview:
        """Bytes start to stop, in place."""
        _require_inside(start, stop, self.size)
        return self._bytes[start:stop]

    def close(self) -> None:
        """Drop the map; the last view of it ends it."""
        self._bytes = memoryview(b"")


class SealedPayload:
    """A sealed payload; opening it proves that its end is there, reading proves each segment read."""

    def __init__(self, path: Path, identity: str, keys: KeyRing | None) -> None:
        self._path, self._bytes = path, _mapped(path)
        self._seal = Seal.of(path, bytes(self._bytes[:MAX_HEADER_BYTES]), identity, keys)
        self._segments, self.size = self._measure()
        self._segment(self._segments - 1)

    @property
    def key_id(self) -> str:
        """Which key it is sealed with."""
        return self._seal.header.key_id

    def read(self, start: int, stop: int) -> memoryview:
        """Bytes start to stop, in memory of their own."""
        _require_inside(start, stop, self.size)
        first, end = start // SEGMENT_BYTES, -(-stop // SEGMENT_BYTES)
        found = [self._segment(index) for index in range(first, end)]
        whole = found[0] if len(found) == 1 else b"".join(found)
        return memoryview(whole)[start - first * SEGMENT_BYTES : stop - first * SEGMENT_BYTES]

    def close(self) -> None:
        """Drop the map."""
        self._bytes = memoryview(b"")

    def _measure(self) -> tuple[int, int]:
        """Number of segments, and bytes of payload."""
        body = self._bytes.nbytes - self._seal.place(0)
        segments = -(-body // (SEGMENT_BYTES + OVERHEAD_BYTES))
        size = body - segments * OVERHEAD_BYTES
        if segments < 1 or size < (segments - 1) * SEGMENT_BYTES:
            raise SealBroken(self._path, self.key_id, "it was cut")
        return segments, size

    def _segment(self, index: int) -> bytes:
        raw = self._bytes[self._seal.place(index) : self._seal.place(index + 1)]
        return self._seal.open(index, index == self._segments - 1, raw)


def _mapped(path: Path) -> memoryview:
    with opened(path, os.O_RDONLY) as descriptor:
        size = os.fstat(descriptor).st_size
        return memoryview(mmap.mmap(descriptor, size, prot=mmap.PROT_READ) if size else b"")


def _require_inside(start: int, stop: int, size: int) -> None:
    if not 0 <= start <= stop <= size:
        raise ValueError(f"bytes {start} to {stop} are not inside a payload of {size}")
