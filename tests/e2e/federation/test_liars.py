"""Participants that break the protocol of a server process: each is told the documented reason, none harms a round."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import google_crc32c
import grpc
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mfn_grpc.v1 import federation_pb2 as pb
from tests.e2e.federation.nursery import ForkedServer, Nursery
from tests.server.calling import Refusal, refusal_of
from tests.server.federation.scripted import CHUNK, Federation, Operator, Participant, chunks_of, manifest_of

SIZE = CHUNK // 2
"""float32 elements: two chunks."""
HONEST = 3
POLICY = pb.FederationPolicy(
    aggregation=pb.AggregationPolicy(f=0, mean=pb.MeanRule()),
    min_participants=HONEST,
    target_participants=HONEST,
    over_selection=0.5,
    round_deadline_seconds=3600,
    max_rounds=2,
)
"""All of four are selected; the round ends with three updates."""
DELTAS = [np.full(SIZE, value, np.float32) for value in (1, 2, 6)]
MEAN = np.full(SIZE, 3, np.float32)
"""Of DELTAS: 3, exactly."""


@dataclass
class Scene:
    """A round that is open. liar: was selected for it, as the honest ones were."""

    federation: Federation
    honest: list[Participant]
    liar: Participant
    start: pb.RoundStart

    def update(self, **changes: Any) -> Any:
        """What the liar would send if it were honest, but for these changes."""
        return self.liar.update(self.start, np.ones(SIZE, np.float32), **changes)


Lie = Callable[[Scene], Awaitable[None]]


@pytest.fixture(scope="module")
def server(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Any:
    found = nursery.start(state_dir=tmp_path_factory.mktemp("state"))
    assert found.listening(), found.log
    yield found
    found.kill()
    assert "Traceback" not in found.log


@pytest.fixture
async def operator(server: ForkedServer) -> AsyncIterator[Operator]:
    async with grpc.aio.insecure_channel(server.target) as channel:
        yield Operator(channel)


async def scene(operator: Operator, name: str, policy: pb.FederationPolicy = POLICY) -> Scene:
    """Three honest participants and one that is not, all selected for round 1."""
    federation, (*honest, liar) = await operator.gathering(name, np.zeros(SIZE), policy, HONEST + 1)
    start, _ = await liar.task()
    return Scene(federation, honest, liar, start)


async def play_to_the_end(found: Scene) -> None:
    """The honest ones send their updates; the model is their mean, whatever the liar did."""
    await asyncio.gather(*(each.train(delta) for each, delta in zip(found.honest, DELTAS, strict=True)))
    results = await asyncio.gather(*(each.until("round_result") for each in found.honest))
    assert {result.state for result in results} == {pb.ROUND_STATE_DONE}
    model = await found.federation.download(results[0].model)
    np.testing.assert_array_equal(np.frombuffer(model, "<f4"), MEAN)
    verdicts = await found.federation.verdicts(1)
    assert [verdicts[each.participant_id].kind for each in found.honest] == [pb.VERDICT_KIND_ACCEPTED] * HONEST
    assert verdicts[found.liar.participant_id].kind == pb.VERDICT_KIND_MISSING


async def send_begin(found: Scene, update: Any, signature: bytes | None = None, claim: bytes | None = None) -> None:
    """An announcement of which each part can be another."""
    raw = claim or update.claim.SerializeToString()
    signed = signature or found.liar.key.sign(b"mfn.v1.update\0" + raw)
    begin = pb.UpdateBegin(claim=raw, signature=signed, manifest=update.manifest)
    await found.liar.send(update_begin=begin)


async def next_round(found: Scene) -> None:
    await found.liar.announce(found.update(round=found.start.round + 1))


async def round_zero(found: Scene) -> None:
    await found.liar.announce(found.update(round=0))


async def another_version(found: Scene) -> None:
    other = pb.ModelRef(federation_uid=found.federation.uid, version=1, sha256=bytes(32))
    await found.liar.announce(found.update(model=other))


async def another_model(found: Scene) -> None:
    other = pb.ModelRef(federation_uid=found.federation.uid, version=0, sha256=bytes(32))
    await found.liar.announce(found.update(model=other))


async def another_federations_model(found: Scene) -> None:
    other = pb.ModelRef(federation_uid="another", version=0, sha256=found.start.model.sha256)
    await found.liar.announce(found.update(model=other))


async def wrong_shape(found: Scene) -> None:
    await found.liar.announce(found.update(manifest=manifest_of({"w": (SIZE // 2, 2)})))


async def wrong_name(found: Scene) -> None:
    await found.liar.announce(found.update(manifest=manifest_of({"v": (SIZE,)})))


async def wrong_payload_digest(found: Scene) -> None:
    await found.liar.upload(found.update(payload_sha256=bytes(32)))


async def wrong_manifest_digest(found: Scene) -> None:
    await found.liar.announce(found.update(manifest_sha256=bytes(32)))


async def another_key(found: Scene) -> None:
    update = found.update()
    signature = Ed25519PrivateKey.generate().sign(b"mfn.v1.update\0" + update.claim.SerializeToString())
    await send_begin(found, update, signature)


async def anothers_words(found: Scene) -> None:
    """What an honest participant signed, word for word."""
    honest = found.honest[0]
    update = honest.update(found.start, DELTAS[0])
    claim = update.claim.SerializeToString()
    await send_begin(found, update, honest.key.sign(b"mfn.v1.update\0" + claim), claim)


async def own_words_elsewhere(found: Scene) -> None:
    """What the liar signed for another federation of the same name."""
    await found.liar.announce(found.update(federation_uid="7f3a0000-0000-4000-8000-000000000000"))


async def own_words_changed(found: Scene) -> None:
    """A signature that was good for another claim."""
    first, second = found.update(), found.update(num_examples=1_000)
    await send_begin(found, second, found.liar.key.sign(b"mfn.v1.update\0" + first.claim.SerializeToString()))


async def oversized_claim(found: Scene) -> None:
    await send_begin(found, found.update(), claim=bytes(64 * 1024 + 1))


async def oversized_chunk(found: Scene) -> None:
    update = found.update()
    await found.liar.announce(update)
    await found.liar.until("resume")
    (chunk, *_) = chunks_of(update.payload, size=CHUNK + 4)
    await found.liar.send(chunk=chunk)


async def past_the_end(found: Scene) -> None:
    update = found.update()
    await found.liar.announce(update)
    await found.liar.until("resume")
    for chunk in chunks_of(update.payload + bytes(4), size=CHUNK - 4):
        await found.liar.send(chunk=chunk)


async def out_of_order(found: Scene) -> None:
    update = found.update()
    await found.liar.announce(update)
    await found.liar.until("resume")
    await found.liar.send(chunk=chunks_of(update.payload)[1])


async def damaged_chunk(found: Scene) -> None:
    update = found.update()
    await found.liar.announce(update)
    await found.liar.until("resume")
    data = update.payload[:CHUNK]
    await found.liar.send(chunk=pb.Chunk(data=data, crc32c=google_crc32c.value(data) ^ 1))


async def unasked_chunk(found: Scene) -> None:
    await found.liar.send(chunk=chunks_of(found.update().payload)[0])


async def two_at_once(found: Scene) -> None:
    await found.liar.announce(found.update())
    await found.liar.announce(found.update())


async def second_join(found: Scene) -> None:
    await found.liar.send(join=pb.Join(participant=found.liar.name))


INVALID, GONE, LOST = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.DATA_LOSS,
)
DENIED = grpc.StatusCode.PERMISSION_DENIED
LIES: list[tuple[Lie, grpc.StatusCode, str]] = [
    (next_round, GONE, "ROUND_MISMATCH"),
    (round_zero, GONE, "ROUND_MISMATCH"),
    (another_version, GONE, "MODEL_VERSION_MISMATCH"),
    (another_model, GONE, "MODEL_VERSION_MISMATCH"),
    (another_federations_model, GONE, "MODEL_VERSION_MISMATCH"),
    (wrong_shape, INVALID, "MANIFEST_MISMATCH"),
    (wrong_name, INVALID, "MANIFEST_MISMATCH"),
    (wrong_payload_digest, LOST, "DIGEST_MISMATCH"),
    (wrong_manifest_digest, LOST, "DIGEST_MISMATCH"),
    (another_key, DENIED, "SIGNATURE_INVALID"),
    (anothers_words, DENIED, "SIGNATURE_INVALID"),
    (own_words_elsewhere, DENIED, "SIGNATURE_INVALID"),
    (own_words_changed, DENIED, "SIGNATURE_INVALID"),
    (oversized_claim, INVALID, "INVALID_FIELD"),
    (oversized_chunk, INVALID, "INVALID_FIELD"),
    (past_the_end, INVALID, "OFFSET_MISMATCH"),
    (out_of_order, INVALID, "OFFSET_MISMATCH"),
    (damaged_chunk, LOST, "CHECKSUM_MISMATCH"),
    (unasked_chunk, INVALID, "UNEXPECTED_MESSAGE"),
    (two_at_once, INVALID, "UNEXPECTED_MESSAGE"),
    (second_join, INVALID, "UNEXPECTED_MESSAGE"),
]


@pytest.mark.parametrize(("lie", "code", "reason"), LIES, ids=[lie.__name__ for lie, *_ in LIES])
async def test_a_liar_is_told_the_documented_reason_and_the_round_of_the_others_is_what_it_would_have_been(
    operator: Operator, lie: Lie, code: grpc.StatusCode, reason: str
) -> None:
    found = await scene(operator, lie.__name__.replace("_", "-"))
    refusal = await refused(found, lie)
    assert (refusal.code, refusal.reason) == (code, reason)
    await play_to_the_end(found)


async def refused(found: Scene, lie: Lie) -> Refusal:
    """How the liar's stream ends."""

    async def whole() -> None:
        await lie(found)
        await found.liar.rest()

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await whole()
    return refusal_of(caught.value)


async def test_a_proof_that_was_good_for_one_stream_is_good_for_no_other(operator: Operator) -> None:
    found = await scene(operator, "replayed-proof")
    liar = Participant(found.federation, found.liar.participant_id, found.liar.key)
    liar.open()
    await liar.send(join=pb.Join(participant=liar.name))
    heard = liar.key.sign(liar.proof_of(await liar.until("challenge")))
    liar.open()
    await liar.send(join=pb.Join(participant=liar.name))
    await liar.until("challenge")
    await liar.send(proof=pb.Proof(signature=heard))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await liar.rest()
    assert refusal_of(caught.value).reason == "SIGNATURE_INVALID"
    await play_to_the_end(found)


async def test_an_update_that_is_sent_twice_counts_once(operator: Operator) -> None:
    found = await scene(operator, "twice")
    one, *others = found.honest
    start, _ = await one.task()
    update, other = one.update(start, DELTAS[0]), one.update(start, MEAN)
    assert (await one.upload(update)).status == pb.UPDATE_ACK_STATUS_COUNTED
    for again in (update, other):
        ack = await one.upload(again)
        assert (ack.status, ack.payload_sha256) == (
            pb.UPDATE_ACK_STATUS_DUPLICATE,
            hashlib.sha256(update.payload).digest(),
        )
    await one.join()
    assert (await one.upload(update)).status == pb.UPDATE_ACK_STATUS_DUPLICATE
    await asyncio.gather(*(each.train(delta) for each, delta in zip(others, DELTAS[1:], strict=True)))
    result = await one.until("round_result")
    np.testing.assert_array_equal(np.frombuffer(await found.federation.download(result.model), "<f4"), MEAN)
    rounds = await found.federation.rounds()
    assert {each.round: each.counted for each in rounds}[1] == HONEST


async def test_an_update_for_a_round_that_is_over_is_late_and_changes_nothing(operator: Operator) -> None:
    found = await scene(operator, "late")
    await play_to_the_end(found)
    before = await found.federation.get()
    ack = await found.liar.upload(found.update())
    assert ack.status == pb.UPDATE_ACK_STATUS_LATE
    assert (await found.federation.get()).model == before.model


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
async def test_an_update_that_is_not_finite_is_screened_out_and_the_others_count(
    operator: Operator, value: float
) -> None:
    aggregation = pb.AggregationPolicy(f=1, mean=pb.MeanRule())
    policy = pb.FederationPolicy(aggregation=aggregation, min_participants=HONEST, max_rounds=2)
    found = await scene(operator, f"not-finite-{str(value).replace('-', 'minus-')}", policy)
    poisoned = np.ones(SIZE, np.float32)
    poisoned[SIZE // 2] = value
    assert (await found.liar.upload(found.liar.update(found.start, poisoned))).status == pb.UPDATE_ACK_STATUS_COUNTED
    await asyncio.gather(*(each.train(delta) for each, delta in zip(found.honest, DELTAS, strict=True)))
    result = await found.liar.until("round_result")
    assert (result.verdict.kind, result.verdict.reason) == (
        pb.VERDICT_KIND_SCREENED,
        pb.VERDICT_REASON_NOT_FINITE,
    )
    np.testing.assert_array_equal(np.frombuffer(await found.federation.download(result.model), "<f4"), MEAN)


async def test_a_newer_stream_of_a_participant_ends_the_older_one_and_takes_the_upload_over(
    operator: Operator,
) -> None:
    found = await scene(operator, "superseded")
    one, *others = found.honest
    start, _ = await one.task()
    update = one.update(start, DELTAS[0])
    await one.announce(update)
    await one.until("resume")
    await one.send(chunk=chunks_of(update.payload)[0])
    newer = Participant(one.federation, one.participant_id, one.key)
    await newer.join()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await one.rest()
    assert refusal_of(caught.value).reason == "SESSION_SUPERSEDED"
    assert (await newer.upload(update)).status == pb.UPDATE_ACK_STATUS_COUNTED
    await asyncio.gather(*(each.train(delta) for each, delta in zip(others, DELTAS[1:], strict=True)))
    result = await newer.until("round_result")
    np.testing.assert_array_equal(np.frombuffer(await found.federation.download(result.model), "<f4"), MEAN)
