"""From the call to the first complete frame of a 256 x 256 stream, on a warm server.

A real server process, a connection that is open already, our own client, numpy arrays in hand at the end. The first
frame is the initial state; the first computed one, a stride later, stands beside it.
"""

from collections.abc import Iterator
from functools import partial
from time import perf_counter

from benchmarks.measuring.process import CpuClock
from benchmarks.measuring.rows import Row, at_most
from benchmarks.measuring.timing import Samples, interleaved
from benchmarks.servers.server_process import ServerProcess
from mfn_client import Client

MODELS = "mycelium", "gray_scott"
EDGE = 256
STRIDE = 10
STEPS = 100_000
BAR = at_most(50.0)


def measure(quick: bool) -> Iterator[Row]:
    """One row a model."""
    with ServerProcess() as server, Client(server.target) as client:
        clock = CpuClock(server.pid)
        following: dict[str, list[float]] = {model: [] for model in MODELS}
        contestants = {model: partial(_first_frame_ms, client, clock, model, following[model]) for model in MODELS}
        firsts = interleaved(contestants, repeats=5 if quick else 40)
    for model, first in firsts.items():
        computed = Samples(tuple(following[model][1:]))  # as `interleaved`, without the first round
        yield Row(
            f"first frame of {model}, {EDGE} x {EDGE} float64",
            value=first.median,
            unit="ms",
            bar=BAR,
            spread=first.spread,
            figure=f"slowest {first.worst:.1f} ms; step {STRIDE} after {computed.median:.1f} ms",
            samples={"first": first.values, f"step {STRIDE}": computed.values},
        )


def _first_frame_ms(client: Client, clock: CpuClock, model: str, following_ms: list[float]) -> float:
    """Milliseconds to the first frame; those to the second are added to `following_ms`."""
    clock.wait_until_quiet()
    started = perf_counter()
    with client.simulate(model, rows=EDGE, cols=EDGE, steps=STEPS, stride=STRIDE) as frames:
        next(frames)
        first = perf_counter()
        next(frames)
        following_ms.append((perf_counter() - started) * 1e3)
    return (first - started) * 1e3
