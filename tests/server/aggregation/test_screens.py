"""What is wrong with a client screens that client, and the round goes on."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from mfn_grpc.arrays import AnyArray
from mfn_grpc.tensors import encode, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from tests.server.aggregation.serving import (
    Client,
    Serving,
    begin,
    chunk,
    clients_of,
    finish,
    interleaved,
    one_after_another,
    outcome_of,
    run_round,
    send,
)

MEDIAN = pb.AggregationPolicy(coordinate_median=pb.CoordinateMedianRule(), f=2)
X = np.random.default_rng(3).standard_normal((7, 1000))


def odd_one_out() -> dict[str, tuple[Client, str, str]]:
    """Clients that fail a screen, by what is wrong with them; the reason and a word of what is told."""
    _, clients = clients_of(X)
    sound = clients[3]
    other = manifest_of({"y": X[3]})
    transposed = manifest_of({"x": X[3].reshape(10, 100)})
    gap = manifest_of({"x": X[3]})
    gap.tensors[0].offset = 8
    integers = manifest_of({"x": X[3]})
    integers.tensors[0].element_type = ElementType.ELEMENT_TYPE_INT64
    return {
        "digest": (replace(sound, sha256=bytes(32)), "DIGEST", "announced was 0000"),
        "too short": (replace(sound, payload=sound.payload[:-8]), "MANIFEST", "7992 bytes, its tensors need 8000"),
        "too long": (replace(sound, total_bytes=10**15), "MANIFEST", "1000000000000000 bytes, its tensors need 8000"),
        "weight": (replace(sound, weight=1e10), "WEIGHT", "its weight is 1e+10, at most 1e+09"),
        "name": (replace(sound, manifest=other), "MANIFEST", "tensors[0].name is 'y', the model's is 'x'"),
        "shape": (replace(sound, manifest=transposed), "MANIFEST", "tensors[0].shape of 'x' is [10, 100]"),
        "faulty manifest": (replace(sound, manifest=gap), "MANIFEST", "tensors[0].offset is 8, must be 0"),
        "type": (replace(sound, manifest=integers), "MANIFEST", "tensors[0].element_type is INT64"),
    }


@pytest.mark.parametrize("what", odd_one_out())
async def test_a_client_that_fails_a_screen_is_told_so_and_counts_as_faulty(server: Serving, what: str) -> None:
    wrong, reason, word = odd_one_out()[what]
    manifest, clients = clients_of(X)
    clients[3] = wrong
    outcome = await run_round(server, [begin(manifest, MEDIAN), *one_after_another(clients), finish()])
    np.testing.assert_array_equal(outcome.vector, np.median(np.delete(X, 3, axis=0), axis=0))
    assert outcome.kinds()["c03"] == "SCREENED"
    assert outcome.reason("c03") == reason
    assert word in outcome.verdicts["c03"].detail
    record = outcome.record
    assert (record.clients, record.accepted + record.rejected, record.screened, record.f) == (7, 6, 1, 1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("element", [0, 417, 999])
async def test_a_value_that_is_not_finite_screens_its_client(server: Serving, value: float, element: int) -> None:
    x = X.copy()
    x[5, element] = value
    manifest, clients = clients_of(x)
    outcome = await run_round(server, [begin(manifest, MEDIAN), *interleaved(clients), finish()])
    assert outcome.reason("c05") == "NOT_FINITE"
    assert f"element {element} is NaN or infinite" in outcome.verdicts["c05"].detail
    np.testing.assert_array_equal(outcome.vector, np.median(np.delete(x, 5, axis=0), axis=0))


async def test_the_verdict_comes_at_once_and_the_rest_of_the_update_is_dropped(server: Serving) -> None:
    manifest, clients = clients_of(X)
    call = server.open()
    await send(call, [begin(manifest, MEDIAN), replace(clients[0], weight=1e10).begin()])
    first = await call.read()
    assert first.client_verdict.participant == "c00"
    await send(call, [chunk("c00", 12345, b"whatever it is", damage=1), *one_after_another([clients[1]])])
    bad = replace(clients[2], sha256=bytes(32))
    await send(call, one_after_another([bad]))
    second = await call.read()
    assert second.client_verdict.participant == "c02"
    assert second.client_verdict.payload_sha256 == bytes(32)
    await send(call, [*one_after_another(clients[3:]), finish()])
    outcome = await outcome_of(call)
    assert set(outcome.verdicts) == {"c01", "c03", "c04", "c05", "c06"}
    assert outcome.record.screened == 2
    await call.done_writing()


async def test_updates_that_are_not_complete_are_missing_and_count_for_nothing(server: Serving) -> None:
    manifest, clients = clients_of(X)
    silent, partial = clients[1], replace(clients[4], pieces=100)
    messages = [begin(manifest, MEDIAN), *one_after_another([c for k, c in enumerate(clients) if k not in {1, 4}])]
    messages += [silent.begin(), partial.begin(), next(iter(partial.chunks())), finish()]
    outcome = await run_round(server, messages)
    assert outcome.kinds()["c01"] == outcome.kinds()["c04"] == "MISSING"
    assert outcome.reason("c01") == "SILENT"
    assert "0 of 8000 bytes" in outcome.verdicts["c01"].detail
    assert "100 of 8000 bytes" in outcome.verdicts["c04"].detail
    assert (outcome.record.missing, outcome.record.screened, outcome.record.f) == (2, 0, 2)
    np.testing.assert_array_equal(outcome.vector, np.median(np.delete(X, [1, 4], axis=0), axis=0))


async def test_the_norm_screen_is_the_rounds_own(server: Serving) -> None:
    x = X.copy()
    x[6] *= 100
    manifest, clients = clients_of(x)
    policy = pb.AggregationPolicy()
    policy.CopyFrom(MEDIAN)
    policy.screens.max_norm = 100.0
    outcome = await run_round(server, [begin(manifest, policy), *one_after_another(clients), finish()])
    assert outcome.reason("c06") == "NORM"
    # The norm is summed in another order than numpy's: a few units in the last place of 1000 squares.
    assert outcome.verdicts["c06"].norm == pytest.approx(float(np.linalg.norm(x[6])), rel=1e-12)
    assert outcome.record.screened == 1


async def test_screened_clients_can_leave_f_as_it_was(server: Serving) -> None:
    manifest, clients = clients_of(X)
    clients[0] = replace(clients[0], sha256=bytes(32))
    policy = pb.AggregationPolicy(screened=pb.SCREENED_CONVENTION_KEEP_F)
    policy.MergeFrom(MEDIAN)
    outcome = await run_round(server, [begin(manifest, policy), *one_after_another(clients), finish()])
    assert outcome.record.f == 2
    assert outcome.record.aggregation == policy_filled_in(policy)


def policy_filled_in(policy: pb.AggregationPolicy) -> pb.AggregationPolicy:
    whole = pb.AggregationPolicy()
    whole.CopyFrom(policy)
    whole.screens.max_weight = 1e9
    return whole


async def test_a_verdict_carries_the_digest_that_was_announced(server: Serving) -> None:
    manifest, clients = clients_of(X)
    outcome = await run_round(server, [begin(manifest, MEDIAN), *one_after_another(clients), finish()])
    for client in clients:
        verdict = outcome.verdicts[client.name]
        assert verdict.payload_sha256 == hashlib.sha256(client.payload).digest()
        assert verdict.norm == pytest.approx(float(np.linalg.norm(np.frombuffer(client.payload))), rel=1e-12)


def in_int8(row: AnyArray, scale: float) -> Client:
    own = manifest_of({"x": row}, ElementType.ELEMENT_TYPE_INT8)
    payload = b"".join(encode({"x": row}, own))
    own.tensors[0].scale = scale
    return Client("c00", payload, manifest=own)


async def test_a_scale_that_takes_values_beyond_the_largest_number_screens_its_client(server: Serving) -> None:
    manifest, clients = clients_of(X)
    clients[0] = in_int8(X[0], 1e308)
    outcome = await run_round(server, [begin(manifest, MEDIAN), *one_after_another(clients), finish()])
    assert outcome.reason("c00") == "NOT_FINITE"
