"""The few calls that make files and their names durable."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of data; a plain write may take less."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


class _Turns:
    """Syncs of one folder: whoever asks while one is under way shares the next with all others who do."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._asked = self._done = 0
        self._under_way = False

    def sync(self, folder: Path) -> None:
        """Returns after a sync that began after the call."""
        with self._changed:
            self._asked += 1
            own = self._asked
            self._changed.wait_for(lambda: self._done >= own or not self._under_way)
            if self._done >= own:
                return
            covered, self._under_way = self._asked, True
        try:
            _sync_folder(folder)
        except BaseException:
            covered = 0  # the others try for themselves
            raise
        finally:
            with self._changed:
                self._done, self._under_way = max(self._done, covered), False
                self._changed.notify_all()


_TURNS: WeakValueDictionary[Path, _Turns] = WeakValueDictionary()
_TURNS_LOCK = threading.Lock()


def sync_folder(folder: Path) -> None:
    """Make durable which names a folder holds, those of calls on other threads too."""
    with _TURNS_LOCK:
        turns = _TURNS.setdefault(folder, _Turns())
    turns.sync(folder)


def _sync_folder(folder: Path) -> None:
    with opened(folder, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)


def begin_write_back(descriptor: int, start: int, stop: int) -> None:
    """Have the system begin to write bytes start to stop of a file, without waiting for it.

    On Linux, advice that they are not needed starts the writing at once and drops only what is written already. What
    other systems make of it is not known, so they are not asked.
    """
    if sys.platform == "linux":
        os.posix_fadvise(descriptor, start, stop - start, os.POSIX_FADV_DONTNEED)


def write_file(path: Path, data: bytes) -> None:
    """Write a new file and make its bytes durable; its name is so after `sync_folder`."""
    with opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
        write_all(descriptor, data)
        os.fsync(descriptor)


@contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    """A descriptor of the file, closed at the end; new files are their owner's alone."""
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
