"""What happens while a feature stream is open: told at once, bounded, ended when it must be."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from mfn_grpc.arrays import to_array
from mfn_grpc.core.features import Thresholds
from mfn_grpc.v1 import features_pb2 as pb
from mfn_server.features.frames import FrameStream
from mfn_server.rpc.call import Call, Identity
from mfn_server.services.features import FeatureService
from tests.server.calling import PATIENCE_S, refused, rest_of
from tests.server.conftest import Running, Start
from tests.server.fields import field, history, stream_messages
from tests.server.gates import eventually

LARGE = history(3, shape=(300, 260))
"""Three parts a frame."""


class Endless(Call):
    """A call without a deadline, on no connection."""

    def __init__(self) -> None:
        self.identity = Identity("alice", frozenset(), "none")

    def time_remaining(self) -> float | None:
        return None


async def nothing_is_held(server: Running) -> None:
    admission = server.application.runtime.admission
    await eventually(lambda: (admission.running, admission.bytes_held, admission.streams) == (0, 0, 0))


async def test_answers_come_before_the_next_frame_is_sent(start: Start) -> None:
    server = await start()
    begin, *parts = stream_messages(history(3))
    call = server.features.ExtractFeatureStream()
    await call.write(begin)
    for i, message in enumerate(parts):
        await call.write(message)
        assert (await call.read()).frame == i
    await call.done_writing()
    assert await rest_of(call) == []


async def test_a_caller_that_falls_silent_is_ended_and_gives_its_place_back(start: Start) -> None:
    server = await start(upload_idle_s=0.1)
    call = server.features.ExtractFeatureStream()
    await call.write(next(iter(stream_messages([field()]))))
    found = await refused(call)
    assert (found.code, found.reason) == (grpc.StatusCode.ABORTED, "STREAM_IDLE")
    assert "open the stream again and send its frames from the first" in found.message
    await nothing_is_held(server)


async def test_a_stream_holds_the_bytes_that_its_beginning_tells_and_while_it_waits_no_slot(start: Start) -> None:
    server = await start(max_running=1, max_queued=0)
    admission = server.application.runtime.admission
    begin, first, *_ = stream_messages(history(3))
    call = server.features.ExtractFeatureStream()
    await call.write(begin)
    await call.write(first)
    await call.read()
    held = admission.bytes_held
    assert held == FrameStream((24, 30), Thresholds(), 1, None).bytes_needed
    assert (admission.running, admission.streams) == (0, 1)
    assert await rest_of(server.features.ExtractFeatureStream(stream_messages(history(2))))
    request = pb.ExtractFeaturesRequest(array=to_array(field()))
    assert (await server.features.ExtractFeatures(request)).features.v_min < 0
    for message in stream_messages(history(50)):
        if message.HasField("part"):
            await call.write(message)
            await call.read()
    assert admission.bytes_held == held
    await call.done_writing()
    await rest_of(call)
    await nothing_is_held(server)


async def test_frames_larger_than_the_server_has_room_for_are_refused_at_the_beginning(start: Start) -> None:
    server = await start(max_state_bytes=2**20)
    begin = pb.ExtractFeatureStreamRequest(begin=pb.FeatureStreamBegin(shape=[4096, 4096]))
    found = await refused(server.features.ExtractFeatureStream(iter([begin])))
    assert (found.code, found.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert found.retry_s is None


async def test_a_cancelled_stream_gives_its_place_back(start: Start) -> None:
    server = await start()
    call = server.features.ExtractFeatureStream()
    for message in list(stream_messages(LARGE))[:3]:
        await call.write(message)
    await eventually(lambda: server.application.runtime.admission.bytes_held > 0)
    assert call.cancel()
    assert await call.code() is grpc.StatusCode.CANCELLED
    await nothing_is_held(server)


async def test_a_stream_is_refused_while_as_many_are_open_as_the_server_keeps(start: Start) -> None:
    server = await start(max_streams=2)
    calls = [server.features.ExtractFeatureStream(), server.simulation.UploadArray()]
    await eventually(lambda: server.application.runtime.admission.streams == 2)
    for third in (server.features.ExtractFeatureStream(iter([])), server.simulation.UploadArray(iter([]))):
        found = await refused(third)
        assert (found.code, found.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert found.retry_s is not None
    calls[1].cancel()
    await eventually(lambda: server.application.runtime.admission.streams == 1)
    assert len(await rest_of(server.features.ExtractFeatureStream(stream_messages(history(2))))) == 2
    calls[0].cancel()
    await nothing_is_held(server)


@pytest.mark.parametrize("ending", ["a last frame", "a bad message", "a bad part", "an end within a frame"])
async def test_a_stream_gives_its_place_back_however_it_ends(start: Start, ending: str) -> None:
    server = await start()
    messages = list(stream_messages(LARGE))
    # Nothing follows what is bad: grpc.aio's caller tells a write that fails as INTERNAL, and not why the call ended.
    if ending == "a bad message":
        messages[3:] = [messages[0]]
    elif ending == "a bad part":
        messages[5].part.crc32c += 1
        del messages[6:]
    elif ending == "an end within a frame":
        messages.pop()
    call = server.features.ExtractFeatureStream(iter(messages))
    if ending == "a last frame":
        assert len(await rest_of(call)) == 3
    else:
        assert (await refused(call)).code is grpc.StatusCode.INVALID_ARGUMENT
    await nothing_is_held(server)


async def test_a_frame_waits_for_a_slot_however_full_the_queue_is_and_a_cancelled_one_takes_none(start: Start) -> None:
    server = await start(max_running=1, max_queued=0)
    admission = server.application.runtime.admission
    one, two = server.features.ExtractFeatureStream(), server.features.ExtractFeatureStream()
    async with admission.admit("somebody else", 1):
        for call in (one, two):
            for message in stream_messages([field()]):
                await call.write(message)
        await eventually(lambda: sum(1 for _ in admission._queue) == 2)
        one.cancel()
        await eventually(lambda: admission.streams == 1)
    assert (await two.read()).frame == 0
    two.cancel()
    await nothing_is_held(server)


async def test_a_drain_ends_a_stream_that_waits_for_its_caller_at_once(start: Start) -> None:
    server = await start(drain_grace_s=600)
    begin, frame = stream_messages([field()])
    calls = [server.features.ExtractFeatureStream() for _ in range(3)]
    await calls[1].write(begin)
    await calls[2].write(begin)
    await calls[2].write(frame)
    assert (await calls[2].read()).frame == 0
    await eventually(lambda: server.application.runtime.admission.streams == 3)
    await asyncio.wait_for(server.lifecycle.drain(), PATIENCE_S)
    for call in calls:
        found = await refused(call)
        assert (found.code, found.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
    await nothing_is_held(server)


async def test_nothing_more_is_taken_from_the_sender_before_the_reader_has_taken_the_answer(start: Start) -> None:
    server, taken = await start(), 0

    async def messages() -> AsyncIterator[pb.ExtractFeatureStreamRequest]:
        nonlocal taken
        for message in stream_messages(history(10)):
            taken += 1
            yield message

    found: Any = FeatureService(server.application.runtime).extract_feature_stream(messages(), Endless())
    for i in range(5):
        assert (await anext(found)).frame == i
        assert taken == i + 2  # the beginning and frames 0 to i
    await found.aclose()
    await nothing_is_held(server)
