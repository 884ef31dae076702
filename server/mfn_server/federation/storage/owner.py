"""Who owns a federation: the process that holds a lock on a file of its folder, which says where to reach it."""

import fcntl
import os
import time
from pathlib import Path

from mfn_server.federation.storage.errors import OwnedElsewhere

LOOKS = 20
LOOK_AGAIN_S = 0.005


class OwnerLock:
    """The lock that makes this process an owner; the kernel frees it when the process dies, however it dies.

    path: of the lock file. address: where other processes send those who ask. Raises OwnedElsewhere, and
    FileNotFoundError when the folder is not there (any more).
    """

    def __init__(self, path: Path, address: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(path)
            written = os.pwrite(self._descriptor, address.encode(), 0)  # over the last owner's: needs no new room
            os.ftruncate(self._descriptor, written)
        except BaseException:
            os.close(self._descriptor)
            raise

    def close(self) -> None:
        """Give the ownership up; a second time changes nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _take(self, path: Path) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OwnedElsewhere(_address(path)) from None
        # The folder may have been moved away between opening the file and locking it: then this is a dead file's lock.
        if not os.path.samestat(os.fstat(self._descriptor), path.stat()):
            raise FileNotFoundError(path)


def _address(path: Path) -> str:
    """What the owner wrote; it does so within microseconds of locking."""
    for _ in range(LOOKS):
        if address := path.read_text(encoding="utf-8", errors="replace"):
            return address
        time.sleep(LOOK_AGAIN_S)
    return "an unknown address"
