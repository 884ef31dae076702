"""A server with concurrent streams: the work they make, the memory they take, and how long a short call waits."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

from benchmarks.growth.ladder import Ladder
from benchmarks.measuring.process import CpuClock, MemoryWatch, anonymous_mib
from benchmarks.servers.server_process import ServerProcess
from mfn_client import AsyncClient

STREAMS = {True: (1, 2, 4), False: (1, 2, 4, 8, 16)}
EDGE = {True: 64, False: 256}
FRAMES = {True: 10, False: 20}
WIDE_EDGE = {True: 128, False: 512}
"""Of the streams whose memory is measured: their states and frames must outweigh what a server takes anyway."""
SMALL_EDGE = 16
STRIDE = 50
CALLS = {True: 20, False: 200}
ENDLESS = 10**7
AMPLE = 64
"""Streams that one caller may have at once."""


@contextmanager
def ladders(quick: bool) -> Iterator[Iterator[Ladder]]:
    """Of one server, which runs while the context is entered."""
    with ServerProcess(max_streams_per_principal=AMPLE) as server:
        asyncio.run(_streams(server.target, 1, SMALL_EDGE, FRAMES[quick]))
        yield _of(server, quick)


def _of(server: ServerProcess, quick: bool) -> Iterator[Ladder]:
    edge, wide, frames, sizes = EDGE[quick], WIDE_EDGE[quick], FRAMES[quick], STREAMS[quick]
    clock, idle = CpuClock(server.pid), anonymous_mib(server.pid)

    def work(streams: int) -> float:
        before = clock.seconds()
        asyncio.run(_streams(server.target, streams, edge, frames))
        return 1e3 * (clock.seconds() - before)

    def memory(streams: int) -> float:
        with MemoryWatch(server.pid) as watch:
            asyncio.run(_streams(server.target, streams, wide, frames))
        return max(watch.peak_mib - idle, 0.1)

    def waiting(streams: int) -> float:
        return asyncio.run(_waiting(server.target, streams, CALLS[quick]))

    yield Ladder(
        f"server, memory of {wide} x {wide} streams", "concurrent streams", "MiB", sizes, memory, together=False
    )
    yield Ladder(f"server, processor time of {edge} x {edge} streams", "concurrent streams", "ms", sizes, work)
    yield Ladder("server, median of a unary call beside streams", "concurrent streams", "ms", sizes, waiting)


async def _streams(target: str, count: int, edge: int, frames: int) -> None:
    """So many whole runs at once, read to their ends."""
    async with AsyncClient(target) as client:
        await asyncio.gather(*(_read(client, edge, frames * STRIDE) for _ in range(count)))


async def _read(client: AsyncClient, edge: int, steps: int) -> None:
    async with client.simulate("gray_scott", rows=edge, cols=edge, steps=steps, stride=STRIDE) as frames:
        async for _ in frames:
            pass


async def _waiting(target: str, streams: int, calls: int) -> float:
    """Milliseconds of a unary call while so many simulations compute, that send next to nothing."""
    async with AsyncClient(target) as client, AsyncClient(target) as caller, AsyncExitStack() as stack:
        for _ in range(streams):
            run: Any = client.simulate("gray_scott", rows=128, cols=128, steps=ENDLESS, stride=ENDLESS // 10)
            await anext(await stack.enter_async_context(run))
        took = [await _milliseconds(caller) for _ in range(calls)]
    return statistics.median(took)


async def _milliseconds(client: AsyncClient) -> float:
    began = time.perf_counter()
    await client.nernst(1, 0.005, 0.14)
    return 1e3 * (time.perf_counter() - began)
