"""Many streams at the same time: each is served or refused with a reason, and health answers meanwhile.

120 of them; `make fuzz`, or MFN_FUZZ_REQUESTS, opens 1,000.
"""

import asyncio
import os
from collections import Counter
from contextlib import AsyncExitStack, closing
from typing import Any

import grpc

from mfn_grpc.v1 import simulation_pb2 as pb
from tests.fuzz.calls import VALID, valid
from tests.fuzz.process import KEY, Victim
from tests.server.calling import METHODS, PATIENCE_S, path_of, refusal_of
from tests.server.specs import endless

STREAMS = 1000 if "MFN_FUZZ_REQUESTS" in os.environ else 120
PLACES: dict[str, Any] = {"max_running": 4, "max_queued": 4, "max_streams": 16, "upload_idle_s": 1}
MOST_MIB = 160.0
"""The states of four runs, 64 KiB of transport a stream, and what the heap keeps."""
SIMULATE = pb.SimulateRequest(spec=endless(), frame_stride=1).SerializeToString()
LOST = "lost"
"""Refused before its message was written: grpc.aio then tells an INTERNAL of its own instead of the refusal."""
CHECK = "/grpc.health.v1.Health/Check"
MIX = {
    path_of(METHODS["Simulate"]): SIMULATE,
    **{path_of(METHODS[name]): valid(path_of(METHODS[name]))[0] for name in ("UploadArray", "ExtractFeatureStream")},
    "/grpc.health.v1.Health/Watch": b"",
}


async def _flood(target: str) -> tuple[Counter[str], int]:
    """How each of the streams fares first, and how often health answered meanwhile."""
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(target))
        kinds = list(MIX.items())
        flood = asyncio.gather(*(_first(channel, *kinds[number % len(kinds)]) for number in range(STREAMS)))
        checks = 0
        while not flood.done():
            check: Any = channel.unary_unary(CHECK)
            await check(b"", timeout=PATIENCE_S)
            checks += 1
        return Counter(await flood), checks


async def _first(channel: grpc.aio.Channel, path: str, request: bytes) -> str:
    """What a stream that sends one message and stays open sees first."""
    call: Any = channel.stream_stream(path)(metadata=(("x-api-key", KEY),), timeout=PATIENCE_S)
    try:
        await call.write(request)
        await call.read()
    except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
        await call.wait_for_connection() if not call.done() else None
    if not call.done():
        call.cancel()
        return "served"
    return await _reason(call)


async def _reason(call: Any) -> str:
    error = grpc.aio.AioRpcError(
        await call.code(), await call.initial_metadata(), await call.trailing_metadata(), await call.details()
    )
    return refusal_of(error).reason or LOST


async def test_many_streams_are_served_or_refused_and_leave_nothing_behind() -> None:
    with closing(Victim(**PLACES)) as victim:
        before = victim.quiet()
        outcomes, checks = await asyncio.wait_for(_flood(victim.target), 2 * PATIENCE_S)
        after = await asyncio.to_thread(victim.quiet)
    assert outcomes.total() == STREAMS
    assert outcomes["served"] > 0
    assert set(outcomes) <= {"served", LOST, "OVERLOADED", "STREAM_IDLE", "QUOTA_EXCEEDED", "RATE_LIMITED"}
    assert checks > 0
    assert after.memory_mib - before.memory_mib <= MOST_MIB
    assert VALID.keys() >= MIX.keys()
