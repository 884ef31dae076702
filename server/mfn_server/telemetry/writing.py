"""Writes lines on a thread of its own, so that a pipe that nobody reads stops no call."""

import os
import select
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

MAX_QUEUED_BYTES = 8 * 1024 * 1024
"""Lines that wait to be written; what comes beyond that is dropped and counted."""
GATHER_S = 0.02
"""How long lines are gathered into one write: a thread that woke for every line would cost more than the line."""
CLOSE_S = 5.0
"""How long the end waits for what is still to be written."""


class Sink(Protocol):
    """Where lines go."""

    def write(self, data: bytes) -> None:
        """Write all of it, however long that takes; raises OSError."""

    def close(self) -> None:
        """Nothing follows."""


class Writer:
    """Takes lines from any thread and writes them in their order.

    tell_lost: the line that says how many were dropped; it is written once there is room again.
    """

    def __init__(self, sink: Sink, tell_lost: Callable[[int], bytes], name: str) -> None:
        self._sink, self._tell_lost = sink, tell_lost
        self._lines: list[bytes] = []
        self._queued_bytes = 0
        self._closed = False
        self.lost = 0
        self._untold = 0
        self._lock = threading.Lock()
        self._wanted, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, line: bytes) -> None:
        """Have a line written soon; never waits."""
        with self._lock:
            if self._closed or self._queued_bytes + len(line) > MAX_QUEUED_BYTES:
                self._lose(1)
                return
            self._queued_bytes += len(line)
            self._lines.append(line)
            if len(self._lines) == 1:
                self._wanted.set()

    def close(self) -> None:
        """Write what waits, for at most CLOSE_S; a sink that takes nothing is given up."""
        with self._lock:
            self._closed = True
        self._closing.set()
        self._wanted.set()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wanted.wait()
            self._closing.wait(GATHER_S)
            self._wanted.clear()
            self._write_all()
        self._write_all()
        self._sink.close()

    def _write_all(self) -> None:
        with self._lock:
            lines, self._lines, told = self._lines, [], self._untold
            self._untold = 0
        if not lines and not told:
            return
        data = b"".join((*lines, self._tell_lost(told)) if told else lines)
        try:
            self._sink.write(data)
        except OSError:
            with self._lock:
                self._lose(len(lines))
                self._untold += told
        with self._lock:
            self._queued_bytes -= sum(map(len, lines))

    def _lose(self, count: int) -> None:
        self.lost += count
        self._untold += count


class DescriptorSink:
    """An open file descriptor, such as standard error; left open at the end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        """Write all of it."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # shared with a process that does not want to wait
                select.select([], [self._descriptor], [], 1.0)

    def close(self) -> None:
        """Others write to it, too."""


class FileSink:
    """A file that is appended to, and made anew when it was moved away; readable by its owner only."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises OSError when it cannot be written."""
        self._path = path
        self._descriptor = self._open()

    def write(self, data: bytes) -> None:
        """Write all of it to the file that now has the name."""
        if self._moved():
            opened = self._open()  # first: where that fails, the old descriptor is still the one to write to and close
            os.close(self._descriptor)
            self._descriptor = opened
        DescriptorSink(self._descriptor).write(data)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _moved(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        ours = os.fstat(self._descriptor)
        return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino)
