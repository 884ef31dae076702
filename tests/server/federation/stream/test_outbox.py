"""What waits for a participant: in order, bounded, and made when its turn comes."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.federation.stream.outbox import MOST_WAITING, Outbox

FAULT = Fault(reasons.ERROR_REASON_SESSION_SUPERSEDED, "another one came")


def resume(number: int) -> pb.FederateResponse:
    return pb.FederateResponse(resume=pb.Resume(round=number))


def task(*numbers: int) -> "list[pb.FederateResponse]":
    return [resume(number) for number in numbers]


def put_task(outbox: Outbox, *numbers: int) -> None:
    async def messages() -> AsyncGenerator[pb.FederateResponse, None]:
        for message in task(*numbers):
            yield message

    outbox.put_task(messages)


async def taken(outbox: Outbox) -> list[int]:
    return [message.resume.round async for message in outbox.messages()]


async def test_messages_and_tasks_come_in_order_and_the_end_comes_after_them() -> None:
    outbox = Outbox()
    outbox.put(resume(1))
    put_task(outbox, 2, 3)
    outbox.put(resume(4))
    outbox.end()
    assert await taken(outbox) == [1, 2, 3, 4]


async def test_a_later_task_takes_the_place_of_one_that_has_not_begun() -> None:
    outbox = Outbox()
    put_task(outbox, 1)
    outbox.put(resume(2))
    put_task(outbox, 3)
    outbox.end()
    assert await taken(outbox) == [2, 3]


async def test_a_task_that_has_begun_is_seen_through() -> None:
    outbox = Outbox()
    put_task(outbox, 1, 2)
    messages = outbox.messages()
    assert (await anext(messages)).resume.round == 1
    put_task(outbox, 3)
    outbox.end()
    assert [message.resume.round async for message in messages] == [2, 3]


async def test_a_fault_goes_before_all_that_waits_and_cuts_a_task_short() -> None:
    outbox = Outbox()
    put_task(outbox, 1, 2)
    messages = outbox.messages()
    await anext(messages)
    outbox.end(FAULT)
    with pytest.raises(Fault) as caught:
        await anext(messages)
    assert caught.value is FAULT


async def test_a_waiting_writer_wakes_for_messages_and_for_the_end() -> None:
    outbox = Outbox()
    writing = asyncio.create_task(taken(outbox))
    await asyncio.sleep(0)
    outbox.put(resume(1))
    await asyncio.sleep(0)
    outbox.end()
    outbox.put(resume(2))
    assert await writing == [1]


async def test_one_who_does_not_read_is_ended_instead_of_waited_for() -> None:
    outbox = Outbox()
    for number in range(MOST_WAITING + 1):
        outbox.put(resume(number))
    with pytest.raises(Fault) as caught:
        await taken(outbox)
    assert caught.value.reason == reasons.ERROR_REASON_STREAM_IDLE


async def test_the_first_end_counts() -> None:
    outbox = Outbox()
    outbox.end()
    outbox.end(FAULT)
    assert await taken(outbox) == []
