"""How long a server goes on computing a 2048 x 2048 simulation after its client has cancelled it.

Seen from outside: the processor time of the server's compute threads is read every millisecond, and the end is the last
reading at which it had grown by more than a fifth of the time passed. These threads alone compute. What the process
does besides, such as freeing the state, logs and timers, is no simulation that goes on, and may come at any later
moment; the processor time of all threads until the compute threads have been quiet for a while is a row of its own. The
worst of all repeats counts.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from benchmarks.measuring.process import CpuClock
from benchmarks.measuring.rows import Row, at_most
from benchmarks.measuring.thread_clock import ThreadClock
from benchmarks.measuring.timing import Samples
from benchmarks.servers.server_process import ServerProcess
from mfn_client import Client

EDGE = 2048
STEPS = 1_000_000
BAR = at_most(100.0)
LOOK_EVERY_S = 0.001
BUSY_SHARE = 0.2
QUIET_S = 0.25
"""So long without work means that it has ended; several slices."""
PATIENCE_S = 30.0
RUNNING_S = 0.3
SLICE_S = 0.05
COMPUTE_THREADS = "mfn-compute"


class Clock(Protocol):
    """Processor time used so far."""

    def seconds(self) -> float:
        """In seconds."""


@dataclass(frozen=True)
class Clocks:
    """Of the server process, and of its compute threads."""

    process: CpuClock
    compute: Clock


@dataclass(frozen=True)
class Aftermath:
    """What followed a cancel: time until compute ended, and processor time of the process until it was quiet, in ms."""

    wall_ms: float
    processor_ms: float


def measure(quick: bool) -> Iterator[Row]:
    """Two rows."""
    repeats = 3 if quick else 20
    with ServerProcess() as server, Client(server.target) as client:
        seen = [_cancel(client, server.pid, after_s=RUNNING_S + SLICE_S * i / repeats) for i in range(repeats)]
    wall = Samples(tuple(each.wall_ms for each in seen))
    processor = Samples(tuple(each.processor_ms for each in seen))
    yield _row(f"compute after a cancel, {EDGE} x {EDGE} float64", "wall", wall)
    yield _row("processor time after a cancel", "processor", processor)


def _row(what: str, name: str, samples: Samples) -> Row:
    return Row(
        f"{what}, worst of {len(samples.values)}",
        value=samples.worst,
        unit="ms",
        bar=BAR,
        spread=samples.spread,
        figure=f"median {samples.median:.0f} ms",
        samples={name: samples.values},
    )


def _cancel(client: Client, pid: int, *, after_s: float) -> Aftermath:
    """Cancel a run after so much processor time of it, which differs from one repeat to the next by part of a slice."""
    process = CpuClock(pid)
    process.wait_until_quiet()
    with client.simulate("gray_scott", rows=EDGE, cols=EDGE, steps=STEPS, max_edge=64) as frames:
        next(frames)
        _wait_for_work(process, after_s)
        clocks = Clocks(process, ThreadClock(pid, COMPUTE_THREADS))
        before, started = process.seconds(), time.perf_counter()
        frames.close()
        return _watch(clocks, before, started)


def _wait_for_work(clock: Clock, seconds: float) -> None:
    until, deadline = clock.seconds() + seconds, time.monotonic() + PATIENCE_S
    while clock.seconds() < until:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the server used less than {seconds:g} s of processor in {PATIENCE_S:g} s")
        time.sleep(LOOK_EVERY_S)


def _watch(clocks: Clocks, before: float, started: float) -> Aftermath:
    """Look until the compute threads have been quiet for a while. before: what the process had used at the cancel."""
    used, now = clocks.compute.seconds(), started
    ended = started
    while now - ended < QUIET_S:
        if now - started > PATIENCE_S:
            raise TimeoutError(f"the server still computes {PATIENCE_S:g} s after the cancel")
        time.sleep(LOOK_EVERY_S)
        used_before, used = used, clocks.compute.seconds()
        looked_before, now = now, time.perf_counter()
        if used - used_before > BUSY_SHARE * (now - looked_before):
            ended = now
    return Aftermath((ended - started) * 1e3, (clocks.process.seconds() - before) * 1e3)
