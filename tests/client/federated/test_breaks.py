"""Whatever breaks, each round gets one update of each participant, and always the same bytes."""

import hashlib
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mfn_client import Unavailable
from mfn_client.federated import read_acknowledgements
from mfn_grpc.v1 import federation_pb2 as pb
from tests.client.federated.fake_server import LOST, FakeServer, Refusal
from tests.client.federated.taking_part import ALICE, acknowledged, federation, model, one_more, take_part

ELEMENTS = 200_000  # four chunks each way
MESSAGES = 20
"""More than one round takes: joining 4, the model 6, the update 7."""


def check_exactly_once(fake: FakeServer, result: Any, rounds: int) -> None:
    """Both sides agree on one update a round, and no second one was ever offered."""
    offered = defaultdict(set)
    for participant, number, claim in fake.federation.claims:
        offered[participant, number].add(claim)
    assert {key: len(claims) for key, claims in offered.items()} == {(ALICE, n + 1): 1 for n in range(rounds)}
    counted = {n: hashlib.sha256(payload).digest() for (_, n), payload in fake.federation.updates.items()}
    assert dict(acknowledged(result)) == counted
    assert len(acknowledged(result)) == rounds
    expected = model(ELEMENTS)["w"] + np.float32(rounds * (rounds + 1) / 2)
    np.testing.assert_allclose(fake.federation.arrays()["w"], expected, rtol=1e-6)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(cuts=st.lists(st.integers(0, MESSAGES), max_size=6), with_cache=st.booleans())
def test_random_breaks_leave_exactly_one_update_a_round(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], with_cache: bool
) -> None:
    cache = tmp_path_factory.mktemp("cache") if with_cache else None
    with federation(ELEMENTS, rounds=2) as (target, fake):
        fake.wrong.cuts[ALICE] = list(cuts)
        check_exactly_once(fake, take_part(target, cache=cache), rounds=2)


@pytest.mark.parametrize("cut", range(MESSAGES))
def test_a_break_after_any_message_is_survived(cut: int) -> None:
    with federation(ELEMENTS, rounds=1) as (target, fake):
        fake.wrong.cuts[ALICE] = [cut]
        check_exactly_once(fake, take_part(target), rounds=1)


def test_an_acknowledgement_that_was_lost_is_told_on_joining_again(tmp_path: Path) -> None:
    lost: list[int] = []

    def cut_after_counting(connection: Any, request: pb.FederateRequest) -> Refusal | None:
        if request.HasField("chunk") and not lost:
            lost.append(1)
            connection._cut = connection._messages  # the next message, the acknowledgement, is not sent
        return None

    with federation() as (target, fake):
        fake.wrong.hooks.append(cut_after_counting)
        result = take_part(target, record=tmp_path / "acks")
        assert len(fake.federation.claims) == 1
    assert acknowledged(result) == [(ack.round, ack.payload_sha256) for ack in read_acknowledgements(tmp_path / "acks")]
    assert len(acknowledged(result)) == 1


def test_training_is_not_repeated_because_of_a_break() -> None:
    trained: list[int] = []

    def fit(arrays: dict[str, Any], config: Any) -> Any:
        trained.append(config.round)
        return one_more(arrays, config)

    with federation(ELEMENTS, rounds=2) as (target, fake):
        fake.wrong.cuts[ALICE] = [12, 8, 9, 14]
        take_part(target, fit)
    assert trained == [1, 2]


def test_no_byte_of_a_model_is_sent_twice() -> None:
    with federation(ELEMENTS) as (target, fake):
        fake.wrong.cuts[ALICE] = [7]  # two of its four chunks have come
        take_part(target)
        first, second = fake.joins
    assert not first.held_models
    (held,) = second.held_models
    assert 0 < held.held_bytes < len(fake.federation.models[0])
    assert held.model.version == 0


def test_an_upload_goes_on_where_it_broke() -> None:
    sent: list[int] = []

    def note(_: Any, request: pb.FederateRequest) -> None:
        if request.HasField("chunk"):
            sent.append(request.chunk.offset)

    with federation(ELEMENTS) as (target, fake):
        fake.wrong.hooks.append(note)
        fake.wrong.cuts[ALICE] = [14]
        take_part(target)
    assert len(fake.joins) == 2
    # The chunk at the break was sent, perhaps with those behind it, but not taken.
    assert sorted(set(sent)) == [0, 262144, 524288, 786432]
    assert sent.count(0) == 1


def flipped(chunk: pb.Chunk) -> pb.Chunk:
    """Damaged on the way: the checksum does not match."""
    return pb.Chunk(offset=chunk.offset, data=chunk.data[::-1], crc32c=chunk.crc32c)


def test_a_damaged_piece_of_the_model_is_asked_for_again() -> None:
    with federation(ELEMENTS) as (target, fake):
        fake.wrong.damage = [None, flipped]
        check_exactly_once(fake, take_part(target), rounds=1)
        held = [[each.held_bytes for each in join.held_models] for join in fake.joins]
    assert held == [[], [262144]]


@pytest.mark.parametrize(
    "refusal",
    [
        LOST,
        Refusal(grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING"),
        Refusal(grpc.StatusCode.UNAVAILABLE, "NOT_OWNER"),
        Refusal(grpc.StatusCode.ABORTED, "STREAM_IDLE"),
        Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "STORAGE_FULL"),
        Refusal(grpc.StatusCode.INTERNAL, "INTERNAL"),
        Refusal(grpc.StatusCode.CANCELLED),
    ],
)
def test_a_server_that_is_not_ready_is_asked_again(refusal: Refusal) -> None:
    with federation() as (target, fake):
        fake.wrong.refusals = [refusal, refusal]
        assert take_part(target).rounds == (1,)
        assert len(fake.joins) == 3


def test_a_break_is_told_once_and_that_it_is_over_once(caplog: pytest.LogCaptureFixture) -> None:
    broken: list[int] = []

    def break_off(_: Any, request: pb.FederateRequest) -> Refusal | None:
        if request.HasField("update_begin") and not broken:
            broken.append(1)
            fake.wrong.refusals = [LOST, LOST]
            return LOST
        return None

    with caplog.at_level("WARNING", "mfn_client.federated"), federation() as (target, fake):
        fake.wrong.refusals = [LOST, LOST, LOST]
        fake.wrong.hooks.append(break_off)
        take_part(target)
    told = [record.getMessage().partition(":")[0] for record in caplog.records]
    assert told == ["Not joined yet, trying on", "Joined", "The stream broke, joining again", "Joined again"]


def test_a_server_that_never_answers_is_given_up_sooner() -> None:
    with federation() as (target, _):
        pass
    with pytest.raises(Unavailable):
        take_part(target, retry_for=math.inf, connect_for=0.05)


def test_a_server_that_stays_away_is_given_up_in_the_end() -> None:
    with federation() as (target, _):
        pass
    with pytest.raises(Unavailable):
        take_part(target, retry_for=0.05)


def test_a_server_that_closes_the_stream_without_an_end_is_asked_again() -> None:
    closed: list[int] = []

    def close(connection: Any, request: pb.FederateRequest) -> None:
        if request.HasField("update_begin") and not closed:
            closed.append(1)
            connection.outbox.put_nowait(None)

    with federation() as (target, fake):
        fake.wrong.hooks.append(close)
        check = take_part(target)
    assert check.rounds == (1,)
    assert len(fake.joins) == 2


@pytest.mark.parametrize("reason", ["ROUND_MISMATCH", "MODEL_VERSION_MISMATCH", "NOT_SELECTED"])
def test_an_update_that_the_server_wants_no_more_is_dropped(reason: str) -> None:
    refused: list[bytes] = []

    def refuse(_: Any, request: pb.FederateRequest) -> Refusal | None:
        if request.HasField("update_begin") and not refused:
            refused.append(request.update_begin.claim)
            return Refusal(grpc.StatusCode.FAILED_PRECONDITION, reason)
        return None

    trained: list[int] = []

    def fit(arrays: dict[str, Any], config: Any) -> Any:
        trained.append(config.round)
        return one_more(arrays, config)

    with federation() as (target, fake):
        fake.wrong.hooks.append(refuse)
        assert take_part(target, fit).rounds == (1,)
    assert trained == [1, 1]
