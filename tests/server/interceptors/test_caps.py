"""The longest calls: handlers see the end as their deadline, and those that do not look are cancelled."""

import asyncio
from time import monotonic

import pytest

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.interceptors.caps import Caps
from mfn_server.rpc.call import Call
from tests.server.interceptors.calls import SIMULATE, call_of


async def _for_ever(call: Call) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(("remaining_s", "seen_s"), [(None, 100.0), (300.0, 100.0), (7.0, 7.0)])
async def test_a_handler_sees_the_earlier_of_the_deadline_and_the_cap(remaining_s: float | None, seen_s: float) -> None:
    seen: list[float | None] = []

    async def look(call: Call) -> None:
        seen.append(call.time_remaining())

    await Caps(100.0, None)(look, call_of(remaining_s=remaining_s))
    assert seen == [pytest.approx(seen_s, abs=5.0)]


async def test_a_handler_that_does_not_look_is_ended_with_a_reason() -> None:
    with pytest.raises(Fault, match="longest that this server allows") as caught:
        await Caps(0.01, None, margin_s=0.01)(_for_ever, call_of())
    assert caught.value.reason == reasons.ERROR_REASON_DEADLINE_TOO_SHORT
    await asyncio.sleep(0)  # nothing is left of the cancellation


async def test_of_many_calls_each_is_ended_in_its_own_time() -> None:
    caps, started = Caps(0.02, None, margin_s=0.0), monotonic()
    ends: list[float] = []

    async def one(delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        began = monotonic()
        with pytest.raises(Fault):
            await caps(_for_ever, call_of())
        ends.append(monotonic() - began)

    await asyncio.gather(*(one(i * 0.01) for i in range(4)))
    assert len(ends) == 4
    assert min(ends) >= 0.02
    assert monotonic() - started >= 0.05


async def test_a_stream_is_not_ended_unless_the_server_says_so() -> None:
    call = call_of(SIMULATE)
    assert call.latest_end is None
    task = asyncio.create_task(Caps(0.001, None, margin_s=0.0)(_for_ever, call))
    await asyncio.wait([task], timeout=0.05)
    assert (task.done(), call.latest_end) == (False, None)
    task.cancel()
    with pytest.raises(Fault):
        await Caps(900.0, 0.01, margin_s=0.0)(_for_ever, call_of(SIMULATE))


async def test_a_call_that_is_cancelled_stays_cancelled() -> None:
    task = asyncio.create_task(Caps(900.0, None)(_for_ever, call_of()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_timeout_of_the_handler_itself_is_no_fault_of_the_caller() -> None:
    async def late(call: Call) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await Caps(900.0, None)(late, call_of())
