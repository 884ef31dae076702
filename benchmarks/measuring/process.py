"""Memory and processor time of another process, read from outside; Linux only, as /proc is."""

import ctypes
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from benchmarks.measuring.machine import MIB
from benchmarks.measuring.timing import Samples

LOOK_EVERY_S = 0.002


def anonymous_mib(pid: int) -> float:
    """RssAnon in MiB: what the process has allocated and touched, without libraries and mapped files."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024 / MIB
    raise ProcessLookupError(f"process {pid} has no memory: it has ended")


class MemoryWatch:
    """While entered, looks at a process's memory every 2 ms on a thread of its own; `peak_mib` is the most it saw."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory-watch")
        self.peak_mib = 0.0

    def _look(self) -> None:
        while not self._left.wait(LOOK_EVERY_S):
            self.peak_mib = max(self.peak_mib, anonymous_mib(self._pid))

    def __enter__(self) -> "MemoryWatch":
        self.peak_mib = anonymous_mib(self._pid)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._left.set()
        self._thread.join()


class CpuClock:
    """The processor time of all threads of a process, to the nanosecond and up to the moment of the reading."""

    def __init__(self, pid: int) -> None:
        clock = ctypes.c_int()
        if failure := ctypes.CDLL(None).clock_getcpuclockid(ctypes.c_int(pid), ctypes.byref(clock)):
            raise OSError(failure, os.strerror(failure))
        self._clock = clock.value

    def seconds(self) -> float:
        """Processor time used so far; raises OSError when the process has ended."""
        return time.clock_gettime(self._clock)

    def wait_until_quiet(self, *, window_s: float = 0.1, share: float = 0.02, patience_s: float = 30) -> None:
        """Return once the process has used less than `share` of a core during `window_s`; TimeoutError otherwise."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            before = self.seconds()
            time.sleep(window_s)
            if self.seconds() - before < share * window_s:
                return
        raise TimeoutError(f"the process was still busy after {patience_s:g} s")


class Metered:
    """Calls a measurement and notes the processor time that a server process uses meanwhile.

    On a busy machine that tells more than what the measurement says of time on the clock.
    """

    def __init__(self, pid: int, measurement: Callable[[], float]) -> None:
        self._clock, self._measurement = CpuClock(pid), measurement
        self._used: list[float] = []

    def __call__(self) -> float:
        """What the measurement returns."""
        before = self._clock.seconds()
        result = self._measurement()
        self._used.append(self._clock.seconds() - before)
        return result

    @property
    def used(self) -> Samples:
        """Seconds of each call but the first, which warms up."""
        return Samples(tuple(self._used[1:]))
