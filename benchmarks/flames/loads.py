"""What keeps a process busy on one of the three paths while its stacks are sampled."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc

from benchmarks.measuring.calls import calls_per_second
from benchmarks.servers.chained_server import chained_server
from benchmarks.subjects import chain, stream_chain

CALLS, STEPS = 800, 100
"""Of one turn of a load, which takes less than a second."""
LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Load:
    """A process, and what a turn of its load is; a process that keeps itself busy is left to it."""

    pid: int
    turn: Callable[[], None]


@contextmanager
def unary() -> Iterator[Load]:
    """ComputeNernst through the whole chain, 16 callers."""
    with chained_server() as ours, asyncio.Runner() as runner:
        method = runner.run(chain.method_at(ours.server.target, chain.NERNST))
        once = partial(method, chain.REQUEST, metadata=(("x-api-key", ours.key),))
        yield Load(ours.server.pid, lambda: _forget(runner.run(calls_per_second(once, CALLS, chain.CALLERS))))


@contextmanager
def stream() -> Iterator[Load]:
    """Simulate, a frame a step, through the whole chain."""
    with chained_server() as ours, grpc.insecure_channel(ours.server.target) as channel:
        keyed: Any = (("x-api-key", ours.key),)
        yield Load(ours.server.pid, lambda: _forget(stream_chain.rate(channel, keyed, STEPS)))


@contextmanager
def aggregation() -> Iterator[Load]:
    """Krum, the coordinate median and the trimmed mean over 100 updates of 10^6 float32."""
    command = (sys.executable, "-m", "benchmarks.flames.aggregating")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError("the aggregation ended before it was warm")
            yield Load(process.pid, partial(time.sleep, LOOK_EVERY_S))
        finally:
            process.kill()


def _forget(_: float) -> None:
    """A rate that nobody asked for."""


LOADS: Mapping[str, tuple[str, Callable[[], AbstractContextManager[Load]]]] = {
    "unary": ("ComputeNernst through every interceptor, 16 callers", unary),
    "stream": ("Simulate, 512 x 512 float32, a frame a step", stream),
    "aggregation": ("Krum, median and trimmed mean, 100 updates of 10^6 float32", aggregation),
}
"""By the name of the picture: its title, and the load."""
