"""One run as it is counted, while it computes and sends."""

from dataclasses import dataclass
from typing import Protocol

from prometheus_client import Counter

from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.rpc.call import Call


class Progress(Protocol):
    """How far a simulation is."""

    step: int
    growth_events: int


class Runs(Protocol):
    """A run, as far as it is counted."""

    compute_seconds: float
    stop_reason: pb.StopReason

    @property
    def simulation(self) -> Progress:
        """What it advances."""


@dataclass(frozen=True)
class Counts:
    """What a run adds to while it is under way."""

    cell_steps: Counter
    growth_events: Counter
    frames: Counter
    slow_reader_s: Counter


class Followed:
    """Adds what a run does to its counts as it does it: a long one would else show all at once. run: once begun."""

    def __init__(self, call: Call, cells: int, counts: Counts) -> None:
        self.run: Runs | None = None
        self._call, self._cells, self._counts = call, cells, counts
        self._step = self._growth_events = 0
        self._blocked_s = 0.0

    def begin(self, run: Runs) -> None:
        """It is admitted and begins; what an earlier call has computed of it is not counted again."""
        self.run = run
        self._step, self._growth_events = run.simulation.step, run.simulation.growth_events

    def advanced(self) -> None:
        """It has computed a slice."""
        if self.run is None:
            return
        now = self.run.simulation
        self._counts.cell_steps.inc((now.step - self._step) * self._cells)
        self._counts.growth_events.inc(now.growth_events - self._growth_events)
        self._step, self._growth_events = now.step, now.growth_events

    def frame(self) -> None:
        """It has encoded a frame."""
        self._counts.frames.inc()
        self.settle()

    def settle(self) -> None:
        """Count the waits for its reader so far."""
        blocked_s = self._call.blocked_s
        self._counts.slow_reader_s.inc(blocked_s - self._blocked_s)
        self._blocked_s = blocked_s
