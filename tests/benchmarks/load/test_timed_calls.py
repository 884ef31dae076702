from collections.abc import Iterator
from typing import Any

import grpc

from benchmarks.load.timed_calls import Timed
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.electrochemistry_pb2 import ComputeNernstResponse

Told = list[tuple[str, str, float | None, int, str | None]]


class Lost(grpc.RpcError):
    """A call that failed below the messages."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def trailing_metadata(self) -> Any:
        return ()


def run(*messages: pb.SimulateResponse, lost: bool = False) -> Iterator[pb.SimulateResponse]:
    yield from messages
    if lost:
        raise Lost


def frame(*, last: bool) -> pb.SimulateResponse:
    return pb.SimulateResponse(sequence=1, frame=pb.Frame(step=3, last=last))


def recorded() -> tuple[Timed, Told]:
    told: Told = []
    return Timed(lambda *event: told.append(event)), told


STARTED = pb.SimulateResponse(started=pb.Started())
SUMMARY = pb.SimulateResponse(summary=pb.Summary())


def test_a_call_that_is_answered_is_told_with_its_time_and_size() -> None:
    timed, told = recorded()
    timed.unary("ComputeNernst", lambda: ComputeNernstResponse(potential_mv=1.0))
    ((kind, rpc, took_ms, size, why),) = told
    assert (kind, rpc, size, why) == ("unary", "ComputeNernst", 9, None)
    assert took_ms is not None
    assert took_ms >= 0


def test_a_call_that_fails_is_told_without_a_time() -> None:
    timed, told = recorded()

    def fail() -> ComputeNernstResponse:
        raise Lost

    timed.unary("ComputeNernst", fail)
    assert told == [("unary", "ComputeNernst", None, 0, "UNAVAILABLE")]


def test_whole_frames_are_told_one_by_one_and_then_the_stream() -> None:
    timed, told = recorded()
    messages = (STARTED, frame(last=False), frame(last=True), frame(last=True), frame(last=True), SUMMARY)
    timed.frames("Simulate", lambda: run(*messages))
    assert [kind for kind, *_ in told] == ["first frame", "frame gap", "frame gap", "stream"]
    assert told[-1][3] == sum(message.ByteSize() for message in messages)
    assert told[0][3] == sum(message.ByteSize() for message in messages[:3])


def test_a_stream_that_breaks_is_told_as_one_that_failed() -> None:
    timed, told = recorded()
    timed.frames("Simulate", lambda: run(STARTED, frame(last=True), lost=True))
    assert [(kind, why) for kind, _, _, _, why in told] == [("first frame", None), ("stream", "UNAVAILABLE")]
