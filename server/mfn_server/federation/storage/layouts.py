"""How the bytes of a draft reach its file: as they are, or sealed segment by segment."""

import os
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeAlias

from mfn_server.federation.storage.durable import write_all
from mfn_server.federation.storage.errors import SealBroken
from mfn_server.federation.storage.keys import KeyRing
from mfn_server.federation.storage.sealing import MAX_HEADER_BYTES, OVERHEAD_BYTES, SEGMENT_BYTES, Seal

REREAD_BYTES = 1 << 20
Buffer: TypeAlias = bytes | memoryview


class Layout(Protocol):
    """A file that grows by payload.

    After a failure the file may hold part of what was to be written; `resume` of another layout sorts that out.
    """

    @property
    def written(self) -> int:
        """Bytes of payload that stand in the file."""

    def resume(self) -> Iterator[bytes]:
        """The payload that the file holds already; what is not whole is cut off. Called once, first, to its end."""

    def write(self, data: bytes) -> None:
        """More payload."""

    def finish(self) -> None:
        """Write what was held back; no payload follows."""


class PlainLayout:
    """The payload as it is."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self.written = descriptor, 0

    def resume(self) -> Iterator[bytes]:
        """All bytes of the file."""
        while data := os.read(self._descriptor, REREAD_BYTES):
            self.written += len(data)
            yield data

    def write(self, data: bytes) -> None:
        """Append."""
        write_all(self._descriptor, data)
        self.written += len(data)

    def finish(self) -> None:
        """Nothing is held back."""


class SealedLayout:
    """The payload in sealed segments; up to one is held back.

    A segment is written once its successor has begun, or the payload has ended: only then it is known whether it is
    the last.
    """

    def __init__(self, descriptor: int, path: Path, identity: str, keys: KeyRing) -> None:
        self._descriptor, self._path, self._identity, self._keys = descriptor, path, identity, keys
        self._seal = Seal.new(path, identity, keys)
        self._index = 0
        self._held = b""

    @property
    def written(self) -> int:
        """Payload of the segments written."""
        return self._index * SEGMENT_BYTES

    def resume(self) -> Iterator[bytes]:
        """The payload of all whole segments; a file of another key, or without a whole header, begins anew."""
        start = os.pread(self._descriptor, MAX_HEADER_BYTES, 0)
        try:
            seal = Seal.of(self._path, start, self._identity, self._keys)
        except SealBroken:
            seal = None
        if seal is None or seal.header.key_id != self._keys.newest:
            self._begin_anew()
            return
        self._seal = seal
        yield from self._whole_segments()
        self._cut()

    def write(self, data: bytes) -> None:
        """Append, less what is held back."""
        room = SEGMENT_BYTES - len(self._held)
        self._held += data[:room]
        rest = memoryview(data)[room:]
        if not rest:
            return
        whole = (len(rest) - 1) // SEGMENT_BYTES * SEGMENT_BYTES
        segments: list[Buffer] = [
            self._held,
            *(rest[start : start + SEGMENT_BYTES] for start in range(0, whole, SEGMENT_BYTES)),
        ]
        self._write(segments, last=False)
        self._held = bytes(rest[whole:])

    def finish(self) -> None:
        """Write the last segment."""
        self._write([self._held], last=True)

    def _begin_anew(self) -> None:
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        write_all(self._descriptor, self._seal.header_bytes)

    def _whole_segments(self) -> Iterator[bytes]:
        length = SEGMENT_BYTES + OVERHEAD_BYTES
        while len(raw := os.pread(self._descriptor, length, self._seal.place(self._index))) == length:
            try:
                data = self._seal.open(self._index, False, raw)
            except SealBroken:  # a power cut may leave a tail of zeros
                return
            self._index += 1
            yield data

    def _cut(self) -> None:
        end = self._seal.place(self._index)
        os.ftruncate(self._descriptor, end)
        os.lseek(self._descriptor, end, os.SEEK_SET)

    def _write(self, segments: Sequence[Buffer], last: bool) -> None:
        sealed = (self._seal.seal(index, last, segment) for index, segment in enumerate(segments, self._index))
        write_all(self._descriptor, b"".join(chain.from_iterable(sealed)))
        self._index += len(segments)
