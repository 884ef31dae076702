"""The slices of a run as spans: one for many slices, for a slice takes milliseconds and a run may have millions."""

from time import time_ns

from mfn_server.telemetry.tracing.spans import Value, cause

MOST_SLICES = 32
LONGEST_NS = 1_000_000_000


class SliceSpans:
    """Spans of batches of slices, below the span that is current when it is made; nothing where that is not sampled."""

    def __init__(self) -> None:
        self._cause = cause()
        self._slices, self._seconds, self._began_ns = 0, 0.0, 0
        self._from_step = self._to_step = 0

    def add(self, from_step: int, to_step: int, seconds: float) -> None:
        """Note one slice that has just ended. seconds: its compute, without the wait for a worker."""
        if self._cause is None:
            return
        if not self._slices:
            self._from_step, self._began_ns = from_step, time_ns() - round(seconds * 1e9)
        self._slices, self._to_step, self._seconds = self._slices + 1, to_step, self._seconds + seconds
        if self._slices == MOST_SLICES or time_ns() - self._began_ns >= LONGEST_NS:
            self.flush()

    def flush(self) -> None:
        """End the batch, if there is one."""
        if self._cause is None or not self._slices:
            return
        attributes: dict[str, Value] = {
            "from_step": self._from_step,
            "to_step": self._to_step,
            "slices": self._slices,
            "compute_seconds": self._seconds,
        }
        by = self._cause
        by.trace.start("slices", by.context, attributes, start_time=self._began_ns).end()
        self._slices, self._seconds = 0, 0.0
