"""Whole rounds with signed updates: what is published, and what everybody is told."""

import asyncio
from typing import Any

import numpy as np
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from tests.server.federation.hosting import Host, Hosting
from tests.server.federation.policies import policy
from tests.server.federation.scripted import Federation, Participant

MODEL = np.array([1.0, 2.0, 3.0], "<f4")


async def joined(federation: Federation, count: int, **options: Any) -> list[Participant]:
    """Participants p0, p1 ... who have joined."""
    participants = [await federation.enrol(f"p{n}") for n in range(count)]
    for participant in participants:
        await participant.join(**options)
    return participants


async def current(federation: Federation) -> np.ndarray[Any, Any]:
    """The federation's model."""
    return np.frombuffer(await federation.download((await federation.get()).model), "<f4")


async def scene(hosting: Hosting, found: pb.FederationPolicy, model: Any = MODEL) -> tuple[Host, Federation]:
    """A server with one federation."""
    host = await hosting()
    return host, await host.operator.federation("f", np.asarray(model, "<f4"), found)


async def test_a_round_averages_what_was_sent_and_tells_everybody(hosting: Hosting) -> None:
    _, federation = await scene(hosting, policy(3))
    participants = await joined(federation, 3)
    deltas = [np.array([n, 2 * n, 0]) for n in range(3)]
    acks = await asyncio.gather(
        *(p.train(d, examples=n + 1) for n, (p, d) in enumerate(zip(participants, deltas, strict=True)))
    )
    assert {ack.status for ack in acks} == {pb.UPDATE_ACK_STATUS_COUNTED}
    for participant in participants:
        result = await participant.until("round_result")
        assert (result.round, result.state) == (1, pb.ROUND_STATE_DONE)
        assert (result.verdict.kind, result.verdict.participant) == (pb.VERDICT_KIND_ACCEPTED, participant.name)
        assert (await participant.until("finished")).why == pb.FINISH_REASON_MAX_ROUNDS
        assert await participant.read() is None
    assert (await current(federation) == MODEL + np.mean(deltas, axis=0, dtype="f8").astype("<f4")).all()
    (done,) = await federation.rounds()
    assert (done.state, done.selected, done.counted, done.model.version) == (pb.ROUND_STATE_DONE, 3, 3, 1)
    verdicts = await federation.verdicts(1)
    assert [verdicts[f"p{n}"].num_examples for n in range(3)] == [1, 2, 3]
    assert np.allclose([verdicts[f"p{n}"].weight for n in range(3)], 1 / 3)


async def test_round_start_says_what_the_policy_says(hosting: Hosting) -> None:
    found = policy(2, round_deadline_seconds=500)
    found.config["lr"].double_value = 0.5
    _, federation = await scene(hosting, found)
    (first, _) = await joined(federation, 2)
    start, model = await first.task()
    assert (start.round, start.selected, start.model.version) == (1, True, 0)
    assert start.config["lr"].double_value == 0.5
    assert 0 < start.seconds_left <= 500
    assert (model == MODEL).all()


async def test_each_round_begins_from_the_model_of_the_last(hosting: Hosting) -> None:
    _, federation = await scene(hosting, policy(2, rounds=3))
    participants = await joined(federation, 2)

    async def life(participant: Participant) -> list[float]:
        seen = []
        for _ in range(3):
            start, model = await participant.task()
            seen.append(float(model[0]))
            await participant.upload(participant.update(start, [1, 0, 0]))
        return seen

    assert await asyncio.gather(*map(life, participants)) == [[1, 2, 3]] * 2
    await participants[0].until("finished")
    assert (await current(federation)).tolist() == [4, 2, 3]


async def test_weights_are_aggregated_as_their_difference_from_the_model(hosting: Hosting) -> None:
    _, federation = await scene(hosting, policy(2, update_kind=pb.UPDATE_KIND_WEIGHTS))
    participants = await joined(federation, 2)
    kind = {"kind": pb.UPDATE_KIND_WEIGHTS}
    await asyncio.gather(*(p.train([2.0, 4.0, 8.0 + n], **kind) for n, p in enumerate(participants)))
    await participants[0].until("finished")
    assert (await current(federation)).tolist() == [2.0, 4.0, 8.5]
    norm = (await federation.verdicts(1))["p0"].norm
    assert norm == pytest.approx(np.linalg.norm([1, 2, 5]))  # as a difference, whatever was sent


async def test_int8_updates_count_by_the_scales_of_their_own_manifests(hosting: Hosting) -> None:
    _, federation = await scene(hosting, policy(2, update_element_type=ElementType.ELEMENT_TYPE_INT8))
    participants = [await federation.enrol(f"p{n}") for n in range(2)]
    for participant in participants:
        await participant.join(element_types=[ElementType.ELEMENT_TYPE_INT8])

    async def train(participant: Participant, scale: float) -> None:
        start, _ = await participant.task()
        manifest = pb.TensorManifest()
        manifest.tensors.add(
            name="w",
            shape=[3],
            size_bytes=3,
            element_type=ElementType.ELEMENT_TYPE_INT8,
            scale=scale,
            encoding="TENSOR_ENCODING_RAW",
        )
        payload = np.array([10, -20, 127], np.int8).tobytes()
        await participant.upload(participant.update(start, payload, manifest=manifest))

    await asyncio.gather(*(train(p, scale) for p, scale in zip(participants, (0.5, 0.25), strict=True)))
    await participants[0].until("finished")
    expected = MODEL + np.array([10, -20, 127]) * 0.375
    assert (await current(federation) == expected.astype("<f4")).all()


async def test_momentum_and_learning_rate_move_the_model_as_the_contract_says(hosting: Hosting) -> None:
    found = policy(2, rounds=3, server_optimizer=pb.ServerOptimizer(learning_rate=0.5, momentum=0.75))
    _, federation = await scene(hosting, found)
    participants = await joined(federation, 2)

    async def life(participant: Participant) -> None:
        for _ in range(3):
            await participant.train([1, 0, -4])

    await asyncio.gather(*map(life, participants))
    await participants[0].until("finished")
    model, velocity = MODEL.astype("f8"), np.zeros(3)
    for _ in range(3):
        velocity = 0.75 * velocity + [1, 0, -4]
        model = model + 0.5 * velocity
    assert (await current(federation) == model.astype("<f4")).all()


async def test_centred_clipping_starts_from_the_last_aggregate(hosting: Hosting) -> None:
    found = policy(3, rounds=2)
    found.aggregation.centered_clipping.radius = 1.0
    found.aggregation.centered_clipping.iterations = 1
    _, federation = await scene(hosting, found, np.zeros(1))
    participants = await joined(federation, 3)

    async def life(participant: Participant) -> None:
        for _ in range(2):
            await participant.train([10.0])

    await asyncio.gather(*map(life, participants))
    await participants[0].until("finished")
    # From 0 one step of length 1 towards 10; from that 1, another one.
    assert (await current(federation)).tolist() == [1.0 + 2.0]


async def test_an_attacker_is_left_out_and_the_record_says_so(hosting: Hosting) -> None:
    found = policy(5)
    found.aggregation.f = 1
    found.aggregation.krum.SetInParent()
    _, federation = await scene(hosting, found)
    participants = await joined(federation, 5)
    deltas = [[1, 1, 1], [1.1, 1, 1], [0.9, 1, 1], [1, 1.1, 1], [1e6, -1e6, 0]]
    await asyncio.gather(*(p.train(d) for p, d in zip(participants, deltas, strict=True)))
    await participants[0].until("finished")
    assert (await current(federation) == MODEL + np.float32(1)).all()
    attacker = (await federation.verdicts(1))["p4"]
    assert (attacker.kind, attacker.reason) == (pb.VERDICT_KIND_REJECTED, pb.VERDICT_REASON_OUTLIER)


async def test_what_is_not_finite_is_screened_and_beyond_f_the_round_is_skipped(hosting: Hosting) -> None:
    _, federation = await scene(hosting, policy(2))
    participants = await joined(federation, 2)
    await asyncio.gather(participants[0].train([1, 1, 1]), participants[1].train([np.nan, 0, 0]))
    result = await participants[1].until("round_result")
    assert result.state == pb.ROUND_STATE_SKIPPED
    (skipped,) = await federation.rounds()
    assert skipped.skip_reason == pb.SKIP_REASON_SCREENED_BEYOND_F
    assert (await federation.get()).model.version == 0


async def test_a_model_that_would_not_be_finite_is_not_published(hosting: Hosting) -> None:
    _, federation = await scene(hosting, policy(2), [3e38, 0, 0])
    participants = await joined(federation, 2)
    await asyncio.gather(*(participant.train([3e38, 0, 0]) for participant in participants))
    await participants[0].until("finished")
    (skipped,) = await federation.rounds()
    assert skipped.skip_reason == pb.SKIP_REASON_NOT_FINITE
    assert (await current(federation))[0] == np.float32(3e38)
