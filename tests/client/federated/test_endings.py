"""How taking part ends, when it is not with the federation's end."""

import asyncio
import signal
import threading
from typing import Any

import grpc
import pytest

from mfn_client import InvalidArgument, PermissionDenied, RpcError, SessionSuperseded
from mfn_client.federated import generate_key, participate, participate_async
from mfn_grpc.v1 import federation_pb2 as pb
from tests.client.federated.fake_server import FakeServer, Refusal
from tests.client.federated.taking_part import ALICE, KEYS, federation, one_more, take_part

CODE = grpc.StatusCode


def test_the_same_participant_elsewhere_ends_the_first_one() -> None:
    ended: list[Exception] = []
    training, may_end = threading.Event(), threading.Event()

    def waiting(arrays: dict[str, Any], config: Any) -> Any:
        training.set()
        assert may_end.wait(60)
        return one_more(arrays, config)

    with federation(names="alice bob") as (target, _):

        def first() -> None:
            try:
                take_part(target, waiting)
            except SessionSuperseded as error:
                ended.append(error)

        older = threading.Thread(target=first)
        older.start()
        assert training.wait(60)
        newer = threading.Thread(target=take_part, args=(target,))
        newer.start()
        take_part(target, name="bob")
        newer.join()
        may_end.set()
        older.join()
    assert [error.reason for error in ended] == ["SESSION_SUPERSEDED"]  # type: ignore[attr-defined]  # an RpcError


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (CODE.PERMISSION_DENIED, "SIGNATURE_INVALID"),
        (CODE.UNAUTHENTICATED, "CREDENTIALS_INVALID"),
        (CODE.NOT_FOUND, "RESOURCE_NOT_FOUND"),
        (CODE.FAILED_PRECONDITION, "FEDERATION_NOT_RUNNING"),
    ],
)
def test_a_refusal_that_stays_is_raised_at_once(code: grpc.StatusCode, reason: str) -> None:
    with federation() as (target, fake):
        fake.wrong.refusals = [Refusal(code, reason)]
        with pytest.raises(RpcError, match=reason):
            take_part(target)
        assert len(fake.joins) == 1


def test_who_is_not_enrolled_or_has_another_key_is_told() -> None:
    with federation() as (target, _):
        with pytest.raises(PermissionDenied, match="NOT_ENROLLED"):
            take_part(target, name="bob")
        with pytest.raises(PermissionDenied, match="SIGNATURE_INVALID"):
            participate(target, "digits", one_more, name="alice", key=generate_key())


def test_a_refusal_in_the_middle_of_an_upload_arrives_with_its_reason() -> None:
    def refuse(_: Any, request: pb.FederateRequest) -> Refusal | None:
        ends = request.HasField("chunk") and request.chunk.offset > 0
        return Refusal(CODE.INVALID_ARGUMENT, "MANIFEST_MISMATCH") if ends else None

    with federation(4_000_000) as (target, fake):  # 61 chunks: the client is still writing
        fake.wrong.hooks.append(refuse)
        with pytest.raises(InvalidArgument, match="MANIFEST_MISMATCH"):
            take_part(target)
        assert len(fake.joins) == 1  # what grpc puts in the place of the reason would have been a passing failure


def failing(_arrays: Any, config: Any) -> Any:
    raise ZeroDivisionError(f"secret data in round {config.round}")


def test_training_that_raises_declines_without_its_data_leaves_and_raises() -> None:
    with federation() as (target, fake):
        with pytest.raises(ZeroDivisionError, match="secret data"):
            take_part(target, failing)
        ((participant, decline),) = fake.federation.declined
        assert fake.federation.left == [ALICE]
    assert (participant, decline.round) == (ALICE, 1)
    assert decline.why == "the training code raised ZeroDivisionError"


def test_training_that_returns_something_else_declines_and_raises() -> None:
    with federation() as (target, fake):
        with pytest.raises(ValueError, match="tensor 'b' is missing"):
            take_part(target, lambda arrays, _: ({"w": arrays["w"]}, 1, {}))
        assert [decline.why for _, decline in fake.federation.declined] == ["the training code raised ArrayError"]


def next_round_after(fake: FakeServer, declines: int) -> None:
    """The round goes on to the next one when a participant has declined so often."""

    def skip(_: Any, request: pb.FederateRequest) -> None:
        if request.HasField("decline") and len(fake.federation.declined) + 1 == declines:
            fake.federation.round += 1
            fake.next_round()

    fake.wrong.hooks.append(skip)


def test_with_decline_a_failed_round_is_only_missed() -> None:
    def fit(arrays: dict[str, Any], config: Any) -> Any:
        return failing(arrays, config) if config.round == 1 else one_more(arrays, config)

    with federation(rounds=2) as (target, fake):
        next_round_after(fake, declines=1)
        assert take_part(target, fit, on_error="decline").rounds == (2,)


def test_an_evaluation_that_raises_ends_it_or_is_silence() -> None:
    with federation(rounds=1) as (target, fake):
        fake.federation.evaluates = True
        with pytest.raises(ZeroDivisionError):
            take_part(target, evaluate=failing)
    with federation(rounds=1, names="alice bob") as (target, fake):
        fake.federation.evaluates = True
        quiet = threading.Thread(target=take_part, args=(target,), kwargs={"evaluate": failing, "on_error": "decline"})
        quiet.start()

        def evaluate(_arrays: Any, _config: Any) -> Any:
            fake.call(fake.next_round)  # the server's deadline for reports
            return 1, {}

        take_part(target, name="bob", evaluate=evaluate)
        quiet.join()
        assert ALICE not in fake.federation.reports


def test_a_note_that_fails_ends_it_before_anything_follows() -> None:
    def full(_ack: Any) -> None:
        raise OSError("no space left")

    with federation(rounds=2) as (target, fake):
        with pytest.raises(OSError, match="no space left"):
            take_part(target, record=full)
        assert set(fake.federation.updates) == {(ALICE, 1)}


def test_an_update_that_is_late_is_offered_and_the_newest_round_follows() -> None:
    trained: list[int] = []
    gone_on = threading.Event()

    with federation(rounds=3) as (target, fake):

        def go_on() -> None:
            fake.federation.publish(fake.federation.arrays())
            fake.federation.round = 3
            fake.next_round()
            gone_on.set()

        def fit(arrays: dict[str, Any], config: Any) -> Any:
            trained.append(config.round)
            if config.round == 1:
                fake.call(go_on)
                assert gone_on.wait(60)
            return one_more(arrays, config)

        result = take_part(target, fit)
    assert trained == [1, 3]
    assert [(ack.round, ack.status) for ack in result.acknowledgements] == [(1, "late"), (3, "counted")]
    assert result.rounds == (3,)


def test_the_end_waits_for_training_and_drops_what_it_returns() -> None:
    ended: list[str] = []
    with federation() as (target, fake):

        def finish() -> None:
            fake.federation.over = True
            fake.next_round()

        def fit(arrays: dict[str, Any], config: Any) -> Any:
            fake.call(finish)
            assert fake_gone(fake)
            ended.append("trained")
            return one_more(arrays, config)

        result = take_part(target, fit)
        assert fake.federation.claims == []
    assert ended == ["trained"]
    assert (result.rounds, result.reason) == ((), "max_rounds")


def fake_gone(fake: FakeServer) -> bool:
    """Waits until the server has closed every stream."""
    gone = threading.Event()

    def look() -> None:
        if fake.connections:
            fake.loop.call_later(0.01, look)
        else:
            gone.set()

    fake.call(look)
    return gone.wait(60)


def test_ctrl_c_interrupts_training_and_says_goodbye() -> None:
    def fit(_arrays: Any, _config: Any) -> Any:
        signal.raise_signal(signal.SIGINT)

    with federation() as (target, fake):
        with pytest.raises(KeyboardInterrupt):
            take_part(target, fit)
        assert fake_gone(fake)
        assert fake.federation.left == [ALICE]


async def test_a_cancelled_participant_says_goodbye() -> None:
    began, may_end = threading.Event(), threading.Event()

    def fit(arrays: dict[str, Any], config: Any) -> Any:
        began.set()
        may_end.wait(60)
        return one_more(arrays, config)

    with federation() as (target, fake):
        task = asyncio.create_task(participate_async(target, "digits", fit, name="alice", key=KEYS["alice"]))
        await asyncio.to_thread(began.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        may_end.set()
        assert await asyncio.to_thread(fake_gone, fake)
        assert fake.federation.left == [ALICE]


def test_messages_of_newer_servers_are_skipped() -> None:
    def say_more(connection: Any, request: pb.FederateRequest) -> None:
        if request.HasField("proof"):
            unknown = pb.FederateResponse.FromString(b"\xfa\x07\x00")  # field 127, empty
            connection.server.loop.call_soon(connection.outbox.put_nowait, unknown)

    with federation() as (target, fake):
        fake.wrong.hooks.append(say_more)
        assert take_part(target).rounds == (1,)


def test_a_federation_that_was_made_anew_begins_anew() -> None:
    recreated: list[int] = []

    def recreate(connection: Any, request: pb.FederateRequest) -> Refusal | None:
        if not request.HasField("update_begin") or recreated:
            return None
        recreated.append(1)
        connection.federation.uid = "uid-2"
        return Refusal(CODE.UNAVAILABLE)

    with federation() as (target, fake):
        fake.wrong.hooks.append(recreate)
        result = take_part(target)
    assert result.federation_uid == "uid-2"
    assert {ack.federation_uid for ack in result.acknowledgements} == {"uid-2"}
