"""What happens while a feature stream is open: told at once, bounded, ended when it must be."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from mfn_grpc.core.features import Thresholds
from mfn_grpc.v1 import features_pb2 as pb
from mfn_server.features.frames import FrameStream
from mfn_server.rpc import Call
from mfn_server.services.features import FeatureService
from tests.server.calling import refused, rest_of
from tests.server.conftest import Running, Start
from tests.server.fields import field, history, stream_messages
from tests.server.gates import eventually

LARGE = history(3, shape=(300, 260))
"""Three parts a frame."""


class Endless(Call):
    """A call without a deadline, on no connection."""

    def __init__(self) -> None:
        self.request_id, self.principal = "endless", "alice"

    def time_remaining(self) -> float | None:
        return None


async def nothing_is_held(server: Running) -> None:
    admission = server.application.runtime.admission
    await eventually(lambda: (admission.running, admission.bytes_held) == (0, 0))


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
    server = await start(upload_idle_s=0.1, max_running=1, max_queued=0)
    call = server.features.ExtractFeatureStream()
    await call.write(next(iter(stream_messages([field()]))))
    found = await refused(call)
    assert (found.code, found.reason) == (grpc.StatusCode.ABORTED, "STREAM_IDLE")
    await nothing_is_held(server)


async def test_a_stream_counts_as_running_work_of_a_size_that_its_beginning_tells(start: Start) -> None:
    server = await start(max_running=1, max_queued=0)
    admission = server.application.runtime.admission
    begin, first, *_ = stream_messages(history(3))
    call = server.features.ExtractFeatureStream()
    await call.write(begin)
    await call.write(first)
    await call.read()
    held = admission.bytes_held
    assert held == FrameStream((24, 30), Thresholds(), 1, None).bytes_needed
    other = await refused(server.features.ExtractFeatureStream(iter([begin])))
    assert (other.code, other.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
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
    await eventually(lambda: server.application.runtime.admission.running == 1)
    call.cancel()
    await nothing_is_held(server)


async def test_a_drain_ends_a_stream_at_its_next_frame(start: Start) -> None:
    server = await start()
    begin, one, two = stream_messages(history(2))
    call = server.features.ExtractFeatureStream()
    await call.write(begin)
    await call.write(one)
    assert (await call.read()).frame == 0
    server.application.draining.set()
    await call.write(two)
    found = await refused(call)
    assert (found.code, found.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")


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
