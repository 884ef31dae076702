"""Checks as they finish, on both faces; streams that break the contract."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from mfn_client import (
    AsyncClient,
    AsyncValidation,
    Client,
    InvalidArgument,
    MfnError,
    Overloaded,
    StreamCorrupted,
    Unavailable,
    Validation,
)
from mfn_client._resume import UnaryAttempts
from mfn_client._validation_stream import ValidationStream, validate_stream_request
from mfn_grpc.v1 import validation_pb2 as pb
from tests.client.backend import Seen
from tests.client.faces import Face
from tests.client.fakes import Clock, FakeCall, FakeRpcError, lost, retry_info, status_bytes
from tests.client.measuring import CHECKS, FAILING_SEED, check, validation_messages

Message = pb.ValidateStreamResponse


def test_checks_come_as_they_finish(call: Face) -> None:
    checks = call("validate_stream", "physics", FAILING_SEED)
    assert [each.name for each in checks] == ["koch", "nernst_k", "growth_rate"]
    assert [each.passed for each in checks] == [True, True, False]


def test_what_runs_is_known_before_the_first_check_and_what_came_of_it_after_the_last(target: str) -> None:
    with Client(target) as client, client.validate_stream("quick", 4) as validation:
        before = validation.started, validation.summary
        started = validation.begin()
        assert validation.begin() is started
        assert (started.suite, started.seed, started.check_names) == ("quick", 4, CHECKS)
        assert before == (None, None)
        assert len(list(validation)) == 3
        assert validation.summary is not None
        assert validation.summary.training is not None
        assert validation.summary.training.growth_events == 12


async def test_the_asynchronous_face_tells_the_same(target: str) -> None:
    async with AsyncClient(target) as client, client.validate_stream(seed=4) as validation:
        started = await validation.begin()
        assert (started.suite, started.check_names) == ("quick", CHECKS)
        assert len([each async for each in validation]) == 3
        assert validation.summary is not None


def test_a_busy_server_is_asked_again(call: Face, seen: Seen) -> None:
    seen.overloaded = 1
    assert len(call("validate_stream", "physics")) == 3
    assert len(seen.metadata) == 2


def test_an_unknown_suite_is_refused_before_the_call_is_opened(call: Face, seen: Seen) -> None:
    with pytest.raises(InvalidArgument, match="must be one of quick, physics"):
        call("validate_stream", "chemistry")
    assert seen.metadata == []


def collected(face: str, *scripts: FakeCall) -> tuple[Any, list[Any]]:
    """The validation and the checks that it handed out; time passes when it waits."""
    clock, calls = Clock(), list(scripts)
    attempts = UnaryAttempts(60.0, clock, lambda: 1.0)
    stream = ValidationStream(validate_stream_request("physics", 0), attempts)
    if face == "sync":
        validation = Validation(stream, lambda request, seconds: calls.pop(0), clock.sleep)
        return validation, list(validation)

    async def gathered() -> tuple[Any, list[Any]]:
        found = AsyncValidation(stream, lambda request, seconds: calls.pop(0), clock.asleep)
        return found, [each async for each in found]

    return asyncio.run(gathered())


@pytest.fixture(params=["sync", "asyncio"])
def face(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def messages() -> list[Message]:
    return validation_messages(validate_stream_request("physics", 0))


def unannounced() -> Message:
    other = check(0, 0)
    other.name = "another"
    return Message(check=other)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda all_of_it: all_of_it[1:], "does not begin with"),
        (lambda all_of_it: all_of_it[:1] + all_of_it, "does not begin with one"),
        (lambda all_of_it: [*all_of_it[:2], all_of_it[1]], "'koch' came twice"),
        (lambda all_of_it: [all_of_it[0], unannounced()], "'another' came twice or was not announced"),
        (lambda all_of_it: [*all_of_it[:2], all_of_it[-1]], r"never came: \['growth_rate', 'nernst_k'\]"),
        (lambda all_of_it: all_of_it[:-1], "without a summary"),
        (lambda all_of_it: [*all_of_it, all_of_it[1]], "after its summary"),
        (lambda all_of_it: [all_of_it[0], Message()], "unknown kind"),
        (lambda all_of_it: [], "ended the validation without"),
    ],
)
def test_a_stream_that_breaks_the_contract_is_not_trusted(
    face: str, change: Callable[[list[Message]], list[Message]], word: str
) -> None:
    with pytest.raises(StreamCorrupted, match=word):
        collected(face, FakeCall(iter(change(messages()))))


def refused(seconds: int) -> FakeCall:
    busy = FakeRpcError(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy", status_bytes("OVERLOADED", retry_info(seconds)))
    return FakeCall(iter(()), 0, busy)


def test_waiting_for_a_busy_server_ends_with_the_seconds_of_the_call(face: str) -> None:
    with pytest.raises(Overloaded, match="busy"):
        collected(face, *[refused(9) for _ in range(100)])
    assert len(collected(face, refused(9), FakeCall(iter(messages())))[1]) == 3


def test_a_validation_that_is_cut_off_is_not_repeated(face: str) -> None:
    with pytest.raises(Unavailable, match="Socket closed"):
        collected(face, FakeCall(iter(messages()), 2, lost()), FakeCall(iter(messages())))


def test_a_validation_that_was_closed_does_not_begin() -> None:
    stream = ValidationStream(validate_stream_request("physics", 0), UnaryAttempts(60.0))
    validation = Validation(stream, lambda request, seconds: FakeCall(iter(messages())))
    validation.close()
    with pytest.raises(MfnError, match="closed before it began"):
        validation.begin()
    assert list(validation) == []
