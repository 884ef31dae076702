"""Memory of a server while it streams a 2048 x 2048 float64 Gray-Scott run, beyond what it holds when idle.

Each stream has a server process of its own, warm and used once before. The peak is RssAnon, looked at every 2 ms.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.measuring.machine import MIB
from benchmarks.measuring.process import CpuClock, MemoryWatch, anonymous_mib
from benchmarks.measuring.rows import Row, at_most
from benchmarks.servers.server_process import ServerProcess
from mfn_client import Client
from mfn_grpc.core.reaction_diffusion import GrayScott

EDGE = 2048
SPECIES = len(GrayScott.species)
ITEM_BYTES = 8
BUFFERS_MIB = 2 * SPECIES * (EDGE + 2) ** 2 * ITEM_BYTES / MIB
SLACK_MIB = 16
GROWTH = at_most(8.0)
"""Noise between two processes; a leak of 8 KiB a frame would reach it."""
REDUCED_EDGE = 64
WARM_UP_FRAMES = 5


@dataclass(frozen=True)
class Stream:
    """How many frames, and their longest edge in cells."""

    frames: int
    edge: int

    @property
    def frame_mib(self) -> float:
        """Size of one frame."""
        return SPECIES * self.edge**2 * ITEM_BYTES / MIB


@dataclass(frozen=True)
class Use:
    """Memory before a stream, at most during it, and how long it took."""

    idle_mib: float
    peak_mib: float
    seconds: float

    @property
    def added_mib(self) -> float:
        """What the stream added at its peak."""
        return self.peak_mib - self.idle_mib


def measure(quick: bool) -> Iterator[Row]:
    """Three rows for whole frames and three for reduced ones: few, many, and what the many add."""
    for edge in (EDGE, REDUCED_EDGE):
        few, many = Stream(10, edge), Stream(30 if quick else 1000, edge)
        used = [_use(stream) for stream in (few, many)]
        yield from (_row(*each) for each in zip((few, many), used, strict=True))
        added = used[1].added_mib - used[0].added_mib
        yield Row(f"{edge} x {edge}, {many.frames:,} frames less {few.frames}", value=added, unit="MiB", bar=GROWTH)


def _row(stream: Stream, use: Use) -> Row:
    parts = f"buffers {BUFFERS_MIB:.1f}, a frame {stream.frame_mib:.1f}"
    return Row(
        f"{stream.frames:,} frames of {stream.edge} x {stream.edge}",
        value=use.added_mib,
        unit="MiB",
        bar=at_most(BUFFERS_MIB + 2 * stream.frame_mib + SLACK_MIB),
        figure=f"idle {use.idle_mib:.1f}, peak {use.peak_mib:.1f} MiB ({parts}); {use.seconds:.1f} s",
        samples={"idle": [use.idle_mib], "peak": [use.peak_mib]},
    )


def _use(stream: Stream) -> Use:
    """Send one stream through a server of its own."""
    with ServerProcess() as server, Client(server.target) as client:
        _consume(client, 256, Stream(WARM_UP_FRAMES, 256))
        CpuClock(server.pid).wait_until_quiet()
        idle = anonymous_mib(server.pid)
        started = time.perf_counter()
        with MemoryWatch(server.pid) as watch:
            _consume(client, EDGE, stream)
        return Use(idle, watch.peak_mib, time.perf_counter() - started)


def _consume(client: Client, edge: int, stream: Stream) -> None:
    """Read a stream of one frame a step to its end; the first frame is step 0."""
    steps, came = stream.frames - 1, 0
    with client.simulate("gray_scott", rows=edge, cols=edge, steps=steps, stride=1, max_edge=stream.edge) as frames:
        for _ in frames:
            came += 1
    if came != stream.frames:
        raise RuntimeError(f"{came} frames came of {stream.frames}")
