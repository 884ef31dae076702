"""Whole rounds over a real stream, against numpy."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from mfn_grpc.core.aggregation import NUMERICS_VERSION
from mfn_grpc.core.arrays import Array
from mfn_grpc.tensors import encode, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from tests.server.aggregation.serving import (
    Client,
    Serving,
    begin,
    clients_of,
    finish,
    interleaved,
    one_after_another,
    outcome_of,
    run_round,
    send,
)

MEAN = pb.AggregationPolicy(mean=pb.MeanRule(), f=0)
MEDIAN = pb.AggregationPolicy(coordinate_median=pb.CoordinateMedianRule(), f=2)
TRIMMED = pb.AggregationPolicy(trimmed_mean=pb.TrimmedMeanRule(), f=2)
KRUM = pb.AggregationPolicy(krum=pb.KrumRule(), f=2)
CLIPPING = pb.AggregationPolicy(centered_clipping=pb.CenteredClippingRule(radius=1.0, iterations=1), f=2)


def rows(n: int = 9, d: int = 50_000, seed: int = 1) -> Array:
    """Updates of n clients in float32: long enough for several chunks each."""
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def trimmed_by_hand(x: Array, f: int) -> Array:
    kept: Array = np.sort(x.astype(np.float64), axis=0)[f : len(x) - f]
    return np.asarray(kept.mean(axis=0))


def krum_by_hand(x: Array, f: int) -> int:
    """Blanchard 2017, as a plain loop."""
    wide = x.astype(np.float64)
    scores = []
    for i in range(len(x)):
        distances = sorted(float(((wide[i] - wide[j]) ** 2).sum()) for j in range(len(x)) if j != i)
        scores.append(sum(distances[: len(x) - f - 2]))
    return scores.index(min(scores))


@pytest.mark.parametrize("arrive", [one_after_another, interleaved])
async def test_the_mean_of_a_round_is_the_mean(
    server: Serving, arrive: Callable[[Sequence[Client]], Iterator[pb.AggregateRequest]]
) -> None:
    x = rows()
    manifest, clients = clients_of(x)
    outcome = await run_round(server, [begin(manifest, MEAN), *arrive(clients), finish()])
    # The sum of 9 float64 differs from numpy's by rounding only, far below half a unit of float32.
    np.testing.assert_array_equal(outcome.vector, x.astype(np.float64).mean(axis=0).astype(np.float32))
    assert set(outcome.kinds().values()) == {"ACCEPTED"}


async def test_the_median_of_a_round_is_the_median(server: Serving) -> None:
    x = rows()
    manifest, clients = clients_of(x)
    outcome = await run_round(server, [begin(manifest, MEDIAN), *one_after_another(clients), finish()])
    np.testing.assert_array_equal(outcome.vector, np.median(x, axis=0))


async def test_the_trimmed_mean_of_a_round_is_the_trimmed_mean(server: Serving) -> None:
    x = rows()
    manifest, clients = clients_of(x)
    float64 = ElementType.ELEMENT_TYPE_FLOAT64
    messages = [begin(manifest, TRIMMED, result_element_type=float64), *one_after_another(clients), finish()]
    outcome = await run_round(server, messages)
    # Sums of 5 values of order 1 may be taken in another order: a few units in the last place of float64.
    np.testing.assert_allclose(outcome.vector, trimmed_by_hand(x, 2), rtol=1e-13, atol=1e-15)


async def test_krum_takes_one_update_as_it_came_and_says_whose(server: Serving) -> None:
    x = rows()
    x[:6] *= 0.01
    manifest, clients = clients_of(x)
    outcome = await run_round(server, [begin(manifest, KRUM), *one_after_another(clients), finish()])
    chosen = krum_by_hand(x, 2)
    assert outcome.payload == x[chosen].tobytes()
    kinds = outcome.kinds()
    assert [name for name, kind in kinds.items() if kind == "ACCEPTED"] == [f"c{chosen:02}"]
    assert {kind for name, kind in kinds.items() if name != f"c{chosen:02}"} == {"REJECTED"}
    assert min(outcome.verdicts.values(), key=lambda verdict: verdict.score).participant == f"c{chosen:02}"


async def test_the_default_policy_is_resolved_in_the_record(server: Serving) -> None:
    x = rows(11, 200)
    manifest, clients = clients_of(x)
    outcome = await run_round(server, [begin(manifest, number=7), *one_after_another(clients), finish(7)])
    record = outcome.record
    assert (record.round, record.clients, record.f) == (7, 11, 2)
    assert (record.accepted + record.rejected, record.screened, record.missing) == (11, 0, 0)
    assert record.numerics_version == NUMERICS_VERSION
    assert record.aggregate_seconds > 0
    assert record.aggregation.f_fraction == 0.2
    assert record.aggregation.WhichOneof("rule") == "trimmed_mean"
    assert [step.WhichOneof("kind") for step in record.aggregation.pre_aggregators] == ["nearest_neighbor_mixing"]
    assert record.aggregation.screens.max_weight == 1e9
    assert {verdict.round for verdict in outcome.verdicts.values()} == {7}


async def test_a_model_of_several_tensors_and_types_comes_back_in_its_own_types(server: Serving) -> None:
    draws = np.random.default_rng(5)
    models: list[dict[str, Array]] = [
        {
            "w": draws.standard_normal((3, 5)).astype(np.float16),
            "b": draws.standard_normal(7).astype(np.float64),
            "s": draws.standard_normal(()).astype(np.float32),
        }
        for _ in range(5)
    ]
    manifest = manifest_of(models[0])
    clients = [Client(f"{k}", b"".join(encode(model, manifest))) for k, model in enumerate(models)]
    outcome = await run_round(server, [begin(manifest, MEDIAN), *interleaved(clients), finish()])
    assert outcome.result_begin.manifest == manifest
    for name, values in outcome.arrays.items():
        expected = np.median(np.stack([model[name] for model in models]).astype(np.float64), axis=0)
        np.testing.assert_array_equal(values, expected.astype(values.dtype))


async def test_clients_may_quantise_with_scales_of_their_own(server: Serving) -> None:
    x, int8 = rows(5, 300), ElementType.ELEMENT_TYPE_INT8
    manifest, restored, clients = manifest_of({"x": x[0]}, int8), [], []
    for k, row in enumerate(x):
        own = manifest_of({"x": row}, int8)
        payload = b"".join(encode({"x": row}, own))
        restored.append(np.frombuffer(payload, np.int8) * own.tensors[0].scale)
        clients.append(Client(f"{k}", payload, manifest=own))
    clients[2] = Client("2", x[2].tobytes(), manifest=manifest_of({"x": x[2]}))
    restored[2] = x[2].astype(np.float64)
    outcome = await run_round(server, [begin(manifest, MEDIAN), *one_after_another(clients), finish()])
    assert outcome.result_begin.manifest.tensors[0].element_type == ElementType.ELEMENT_TYPE_FLOAT32
    np.testing.assert_array_equal(outcome.vector, np.median(restored, axis=0).astype(np.float32))


async def test_the_order_of_arrival_changes_no_bit(server: Serving) -> None:
    x = rows(12, 3000) * np.logspace(0, 6, 12)[:, None].astype(np.float32)
    manifest, clients = clients_of(x)
    float64 = ElementType.ELEMENT_TYPE_FLOAT64
    outcomes = []
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(len(clients))
        shuffled = [clients[k] for k in order]
        messages = [begin(manifest, result_element_type=float64), *interleaved(shuffled), finish()]
        outcomes.append(await run_round(server, messages))
    assert len({outcome.payload for outcome in outcomes}) == 1
    first = {name: verdict.SerializeToString(deterministic=True) for name, verdict in outcomes[0].verdicts.items()}
    for other in outcomes[1:]:
        assert first == {n: verdict.SerializeToString(deterministic=True) for n, verdict in other.verdicts.items()}


async def test_weights_weigh(server: Serving) -> None:
    x = np.array([[1.0], [2.0], [4.0]])
    manifest, clients = clients_of(x)
    weighed = [Client(c.name, c.payload, weight=w) for c, w in zip(clients, (1.0, 2.0, 1.0), strict=True)]
    policy = pb.AggregationPolicy(weighted_mean=pb.WeightedMeanRule(), f=0)
    outcome = await run_round(server, [begin(manifest, policy), *one_after_another(weighed), finish()])
    assert outcome.vector.tolist() == [(1 + 2 * 2 + 4) / 4]
    assert [outcome.verdicts[c.name].weight for c in clients] == [0.25, 0.5, 0.25]


async def test_a_stream_carries_one_round_after_the_other(server: Serving) -> None:
    call = server.open()
    for number in range(3):
        x = rows(5, 100 * (number + 1), seed=number)
        manifest, clients = clients_of(x)
        await send(call, [begin(manifest, MEDIAN, number), *interleaved(clients), finish(number)])
        outcome = await outcome_of(call)
        np.testing.assert_array_equal(outcome.vector, np.median(x, axis=0))
        assert outcome.record.round == number
    await call.done_writing()
    assert await call.code() is not None
    assert server.spool.taken == 0


async def test_centred_clipping_starts_from_the_streams_last_aggregate(server: Serving) -> None:
    x = np.full((5, 4), 100.0)
    manifest, clients = clients_of(x)
    call = server.open()
    vectors = []
    for policy in (CLIPPING, CLIPPING, MEAN, CLIPPING):
        await send(call, [begin(manifest, policy), *one_after_another(clients), finish()])
        vectors.append((await outcome_of(call)).vector)
    await call.done_writing()
    # All updates lie 200 away from the origin, along (1, 1, 1, 1) / 2: each step goes 1 towards them.
    np.testing.assert_allclose(vectors[0], np.full(4, 0.5), rtol=1e-12)
    np.testing.assert_allclose(vectors[1], np.full(4, 1.0), rtol=1e-12)
    np.testing.assert_allclose(vectors[3], vectors[2], rtol=1e-12)


async def test_another_model_does_not_start_from_the_last_ones_aggregate(server: Serving) -> None:
    call = server.open()
    for d in (4, 9):
        manifest, clients = clients_of(np.full((5, d), 100.0))
        await send(call, [begin(manifest, CLIPPING), *one_after_another(clients), finish()])
        vector = (await outcome_of(call)).vector
        np.testing.assert_allclose(vector, np.full(d, 1 / np.sqrt(d)), rtol=1e-12)
    await call.done_writing()


async def test_streams_do_not_disturb_each_other(server: Serving) -> None:
    async def one(seed: int) -> None:
        x = rows(5, 20_000, seed)
        manifest, clients = clients_of(x)
        outcome = await run_round(server, [begin(manifest, MEDIAN), *interleaved(clients), finish()])
        np.testing.assert_array_equal(outcome.vector, np.median(x, axis=0))

    await asyncio.gather(*(one(seed) for seed in range(4)))


async def test_a_stream_without_rounds_ends_well(server: Serving) -> None:
    call = server.open()
    await call.done_writing()
    assert (await call.code()).name == "OK"
