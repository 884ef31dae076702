"""SHA-256 of a payload while it is being written: on another thread, for each costs about as much as the other."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

BATCH_BYTES = 1 << 20
"""Bytes that are worth waking another thread for."""
MAX_WAITING_BYTES = 4 << 20
"""Bytes that may wait to be hashed before `update` waits for them."""

_HASHERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="digest")


class RunningDigest:
    """A digest that is told of bytes and hashes them elsewhere, in order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._running = False
        self._changed = threading.Condition()

    def update(self, data: bytes) -> None:
        """Take more bytes."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting_bytes < MAX_WAITING_BYTES or not self._running)
            self._waiting.append(data)
            self._waiting_bytes += len(data)
            if self._waiting_bytes >= BATCH_BYTES and not self._running:
                _HASHERS.submit(self._run)
                self._running = True

    def digest(self) -> bytes:
        """SHA-256 of all that was taken so far: 32 bytes."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running)
            for data in self._taken():
                self._hash.update(data)
            return self._hash.digest()

    def _run(self) -> None:
        while batch := self._next():
            for data in batch:
                self._hash.update(data)

    def _next(self) -> list[bytes]:
        """What is to be hashed now; nothing when that is not worth it, which ends the run."""
        with self._changed:
            self._running = self._waiting_bytes >= BATCH_BYTES
            self._changed.notify_all()
            return self._taken() if self._running else []

    def _taken(self) -> list[bytes]:
        batch, self._waiting, self._waiting_bytes = self._waiting, [], 0
        return batch
