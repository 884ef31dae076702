"""Streams that break the contract are not trusted, on either face."""

from collections.abc import Callable

import pytest

from mfn_client import StreamCorrupted
from mfn_grpc.v1 import simulation_pb2 as pb
from tests.client.fakes import FakeCall, FakeServer, altered, cut
from tests.client.scripted import FRAMES, STEPS, Starter


def _renumber(message: pb.SimulateResponse) -> None:
    message.sequence += 1


def _damage(message: pb.SimulateResponse) -> None:
    message.frame.parts[0].crc32c ^= 1


def _move(message: pb.SimulateResponse) -> None:
    message.frame.step += 4


def _empty(message: pb.SimulateResponse) -> None:
    message.ClearField("frame")


def _restart(message: pb.SimulateResponse) -> None:
    message.started.frame_stride = 1


def _finish(message: pb.SimulateResponse) -> None:
    message.summary.stop_reason = pb.STOP_REASON_COMPLETED


def _zero_stride(message: pb.SimulateResponse) -> None:
    message.started.frame_stride = 0


@pytest.mark.parametrize(
    ("number", "change", "word"),
    [
        (0, _renumber, "starts at 1, not at 0"),
        (0, _move, "does not begin with how it was started"),
        (0, _zero_stride, "stride below 1"),
        (3, _renumber, "Message 4 came where 3 was expected"),
        (3, _damage, "CRC-32C"),
        (3, _move, "A frame of step 8 came where 4 was expected"),
        (3, _empty, "unknown kind"),
        (3, _restart, "started twice"),
        (5, _finish, "the frame of step 8 never came"),
    ],
)
def test_a_stream_that_breaks_the_contract_is_not_trusted(
    run: Starter, number: int, change: Callable[[pb.SimulateResponse], None], word: str
) -> None:
    broken = run(altered(FakeServer(), number, change))
    broken.fails(StreamCorrupted, word)
    assert broken.steps == FRAMES[: max(number - 1, 0) // 2]
    assert broken.calls.opened[0].cancelled


def test_a_message_after_the_summary_breaks_the_contract(run: Starter) -> None:
    server = FakeServer()

    def chatty(request: pb.SimulateRequest) -> FakeCall:
        return FakeCall(iter([*server.messages(request), server.summary(STEPS, 11)]))

    run(chatty).fails(StreamCorrupted, "after the summary")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda m: m.started.ClearField("resumed_from_step"), "from the beginning although"),
        (lambda m: setattr(m.started, "resumed_from_step", 3), "resumed from step 3, not 4"),
        (_renumber, "starts at 5, not at 4"),
    ],
)
def test_a_server_that_resumes_elsewhere_is_not_trusted(
    run: Starter, change: Callable[[pb.SimulateResponse], None], word: str
) -> None:
    server = FakeServer()
    run(cut(server, 6), altered(server, 0, change)).fails(StreamCorrupted, word)
