"""A payload on its way: written as it comes, hashed meanwhile, durable and under its name once finished."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mfn_server.federation.storage.crash_points import crash_point
from mfn_server.federation.storage.digesting import RunningDigest
from mfn_server.federation.storage.durable import begin_write_back, sync_folder
from mfn_server.federation.storage.errors import DigestMismatch, DraftClosed, room_needed
from mfn_server.federation.storage.layouts import Layout

WRITE_BACK_BYTES = 8 << 20


@dataclass(frozen=True)
class Claim:
    """What a payload is said to be: its SHA-256 (32 bytes) and its length. A draft serves one claim only."""

    sha256: bytes
    size: int

    @property
    def tag(self) -> str:
        """The claim in a file name."""
        return hashlib.sha256(self.sha256 + self.size.to_bytes(8, "little")).hexdigest()[:32]


class Draft:
    """One payload that grows. size: bytes taken so far, also by earlier drafts of its claim. path: of its file.

    Methods block and may be called from any thread, one after the other. Raises StorageFull when there is no room; the
    draft is closed then, as after any failure, and another one of the same claim goes on from what was written. Raises
    DraftClosed once finished, discarded, failed or superseded.
    """

    def __init__(
        self,
        key: str,
        path: Path,
        final: Path,
        claim: Claim | None,
        layout: Callable[[int], Layout],
        ended: Callable[["Draft"], None],
    ) -> None:
        self.key, self.size = key, 0
        self.path, self._final, self._ended = path, final, ended
        self._lock, self._digest = threading.Lock(), RunningDigest()
        self._written_back, self._named = 0, False
        begin_anew = os.O_TRUNC if claim is None else 0
        with room_needed(path):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | begin_anew, 0o600)
        crash_point("after-draft-create")
        with self._using():
            self._layout = layout(self._descriptor)
            for data in self._layout.resume():
                self._take(data)

    @property
    def closed(self) -> bool:
        """Whether it takes no more."""
        return self._descriptor < 0

    def append(self, data: bytes | memoryview) -> None:
        """More payload; not durable before `sync` or `finish`."""
        fixed = data if isinstance(data, bytes) else bytes(data)  # it is hashed later, when a buffer may be another's
        with self._using():
            self._layout.write(fixed)
            self._take(fixed)
            crash_point("after-draft-write")
            self._write_back()

    def sync(self) -> int:
        """Make durable what is written; the number of bytes of payload from which another draft would go on."""
        with self._using():
            self._sync()
            if not self._named:
                sync_folder(self.path.parent)
                self._named = True
            crash_point("after-draft-sync")
            return self._layout.written

    def digest(self) -> bytes:
        """SHA-256 of the bytes taken so far: 32 bytes."""
        return self._digest.digest()

    def finish(self, sha256: bytes) -> None:
        """Make the payload durable under its name; when it has another digest it is deleted: DigestMismatch."""
        with self._using():
            self._layout.finish()
            self._require(sha256)
            crash_point("before-payload-sync")
            self._sync()
            crash_point("after-payload-sync")
            self.path.replace(self._final)
            crash_point("after-payload-rename")
            sync_folder(self._final.parent)
            crash_point("after-payload-durable")
            self._end()

    def discard(self) -> None:
        """Delete what was written; once closed nothing, for another draft may go on with the file."""
        with self._lock:
            if not self.closed:
                self._end()
                self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Stop here; another draft of the same claim goes on."""
        with self._lock:
            self._end()

    @contextmanager
    def _using(self) -> Iterator[None]:
        """For one call at a time, while open; whatever fails closes the draft, for what is written is then unknown."""
        with self._lock, room_needed(self.path):
            if self.closed:
                raise DraftClosed(self.key)
            try:
                yield
            except BaseException:
                self._end()
                raise

    def _take(self, data: bytes) -> None:
        self._digest.update(data)
        self.size += len(data)

    def _require(self, sha256: bytes) -> None:
        found = self._digest.digest()
        if found != sha256:
            self.path.unlink()
            raise DigestMismatch(self.key, sha256.hex(), found.hex())

    def _sync(self) -> None:
        """After a failed sync the system may count lost pages as written: nothing of the file can be trusted."""
        try:
            os.fsync(self._descriptor)
        except OSError:
            self.path.unlink()
            raise

    def _write_back(self) -> None:
        """Let the disk begin with what is written, so that little is left for the final sync."""
        if self.size - self._written_back >= WRITE_BACK_BYTES:
            begin_write_back(self._descriptor, self._written_back, self.size)
            self._written_back = self.size

    def _end(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
            self._descriptor = -1
            self._ended(self)
