"""What one server with one compute thread carries: starts, memory, calls, compute.

No bars: the figures size pods. The server runs as in production, less TLS, on the core that the client leaves it.
Memory is RssAnon: libraries and mapped files come on top.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack

from benchmarks.measuring.calls import calls_per_second
from benchmarks.measuring.process import anonymous_mib
from benchmarks.measuring.rows import Row, seconds_row
from benchmarks.measuring.timing import Samples
from benchmarks.servers.chained_server import Chained, chained_server
from mfn_client import AsyncClient

CALLERS = 16
CALLS = {True: 320, False: 16_000}
STARTS = {True: 1, False: 5}
RUNS = {True: 1, False: 5}
EDGE = 256
STEPS = {True: 200, False: 4000}
MODELS = ("mycelium", "gray_scott")


def measure(quick: bool) -> Iterator[Row]:
    """Starts first, for which each server is a new one; then one server for all the rest."""
    _start()  # whatever is compiled now is in the cache from here on
    yield seconds_row("start to SERVING, kernels in the cache", [_start() for _ in range(STARTS[quick])])
    if not quick:
        yield seconds_row("start to SERVING, every kernel compiled", [_cold_start()])
    with chained_server(compute_threads=1) as ours:
        yield Row("memory of an idle server, anonymous", value=anonymous_mib(ours.server.pid), unit="MiB")
        yield from asyncio.run(_served(ours, quick))


def _start() -> float:
    with chained_server(compute_threads=1) as ours:
        return ours.server.start_seconds


def _cold_start() -> float:
    """With an empty cache of kernels."""
    with tempfile.TemporaryDirectory(prefix="mfn-kernels-") as folder, ExitStack() as stack:
        before = os.environ.get("NUMBA_CACHE_DIR")
        stack.callback(_set_cache, before)
        _set_cache(folder)
        return _start()


def _set_cache(folder: str | None) -> None:
    if folder is None:
        os.environ.pop("NUMBA_CACHE_DIR", None)
    else:
        os.environ["NUMBA_CACHE_DIR"] = folder


async def _served(ours: Chained, quick: bool) -> list[Row]:
    async with AsyncClient(ours.server.target, api_key=ours.key) as client:
        rows = await _calls(client, CALLS[quick])
        return [*rows, *[await _compute(client, model, quick) for model in MODELS]]


async def _calls(client: AsyncClient, count: int) -> list[Row]:
    """Unary calls a second, and the slowest of a hundred, with 16 callers that never pause."""
    took: list[float] = []

    async def once() -> None:
        began = time.perf_counter()
        await client.nernst(1, 0.005, 0.14)
        took.append(time.perf_counter() - began)

    rate = await calls_per_second(once, count, CALLERS)
    slowest = sorted(took)[int(0.99 * len(took))]
    who = f"{CALLERS} callers of our Python client"
    return [
        Row(f"unary calls, {who}", value=rate, unit="/s"),
        Row(f"slowest of a hundred of them, {who}", value=1e3 * slowest, unit="ms"),
    ]


async def _compute(client: AsyncClient, model: str, quick: bool) -> Row:
    """Cells x steps a second of one run at a time, as its caller sees it."""
    steps = STEPS[quick]
    rates = [EDGE**2 * steps / await _seconds(lambda: _run(client, model, steps)) for _ in range(RUNS[quick] + 1)]
    samples = Samples(tuple(rates[1:]))
    what = f"{model} {EDGE} x {EDGE}, {steps:,} steps a run"
    return Row(what, value=samples.median / 1e6, unit="M cell-steps/s", spread=samples.spread)


async def _run(client: AsyncClient, model: str, steps: int) -> None:
    await client.run(model, rows=EDGE, cols=EDGE, steps=steps)


async def _seconds(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began
