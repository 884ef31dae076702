"""What is wrong with the caller's own messages ends the call, in the catalogue's words, and leaves nothing behind."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.tensors import CHUNK_BYTES, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from mfn_server.aggregation import announcements, memory, requests
from mfn_server.aggregation import round as round_module
from tests.server.aggregation.serving import (
    Client,
    Serving,
    begin,
    chunk,
    clients_of,
    finish,
    one_after_another,
    send,
)
from tests.server.calling import Refusal, refused
from tests.server.gates import eventually

MEAN = pb.AggregationPolicy(mean=pb.MeanRule(), f=0)
X = np.random.default_rng(3).standard_normal((7, 100))
MANIFEST, CLIENTS = clients_of(X)
FIRST = CLIENTS[0]


async def refusal_of(server: Serving, messages: Sequence[pb.AggregateRequest], **options: Any) -> Refusal:
    """How a stream of these messages is refused, after which nothing of it is stored."""
    call = server.open(**options)
    try:
        await send(call, messages)
        await call.done_writing()
    except (grpc.aio.AioRpcError, grpc.aio.UsageError):
        pass  # refused before all was sent
    refusal = await refused(call)
    await eventually(lambda: server.spool.taken == 0)
    return refusal


def misplaced() -> dict[str, tuple[list[pb.AggregateRequest], str, str]]:
    """Messages out of turn, with the reason and a word of the text."""
    opened = begin(MANIFEST, MEAN)
    return {
        "no begin": ([FIRST.begin()], "UNEXPECTED_MESSAGE", "begins with the message"),
        "empty first": ([pb.AggregateRequest()], "UNEXPECTED_MESSAGE", "begins with the message"),
        "two begins": ([opened, opened], "UNEXPECTED_MESSAGE", "begin cannot come in an open round"),
        "empty": ([opened, pb.AggregateRequest()], "UNEXPECTED_MESSAGE", "an empty message cannot come"),
        "unknown client": ([opened, chunk("nobody", 0, b"abc")], "UNEXPECTED_MESSAGE", "'nobody' was not announced"),
        "closed": ([opened, FIRST.begin()], "MISSING_REQUEST", "closed in round 0, before its finish"),
        "gap": ([opened, FIRST.begin(), chunk("c00", 8, FIRST.payload[8:16])], "OFFSET_MISMATCH", "is 8, must be 0"),
        "twice": (
            [opened, FIRST.begin(), *[chunk("c00", 0, FIRST.payload[:8])] * 2],
            "OFFSET_MISMATCH",
            "is 0, must be 8",
        ),
        "past the end": (
            [opened, *one_after_another([FIRST]), chunk("c00", 800, b"12345678")],
            "OFFSET_MISMATCH",
            "ends at byte 808, the payload has 800",
        ),
        "damaged": (
            [opened, FIRST.begin(), chunk("c00", 0, FIRST.payload, damage=1)],
            "CHECKSUM_MISMATCH",
            "the CRC-32C of data is",
        ),
    }


@pytest.mark.parametrize("what", misplaced())
async def test_a_message_that_cannot_stand_where_it_stands_ends_the_call(server: Serving, what: str) -> None:
    messages, reason, word = misplaced()[what]
    refusal = await refusal_of(server, messages)
    assert refusal.reason == reason
    assert word in refusal.message


async def test_the_offset_that_was_expected_is_told(server: Serving) -> None:
    messages = [begin(MANIFEST, MEAN), FIRST.begin(), chunk("c00", 0, bytes(24)), chunk("c00", 32, bytes(8))]
    refusal = await refusal_of(server, messages)
    assert refusal.metadata["expected_offset"] == "24"
    assert list(refusal.violations) == ["chunk.chunk.offset"]


def faulty_begins() -> dict[str, tuple[pb.AggregateRequest, list[str]]]:
    """Openings with the fields that are at fault."""
    float16 = ElementType.ELEMENT_TYPE_FLOAT16
    shapeless = manifest_of({"x": X[0]})
    shapeless.tensors[0].shape[0] = 0
    policy = pb.AggregationPolicy(f=5000, bulyan=pb.BulyanRule(selection=9))  # type: ignore[arg-type]  # no such number
    return {
        "round": (begin(MANIFEST, MEAN, -1), ["begin.round"]),
        "no manifest": (begin(pb.TensorManifest(), MEAN), ["begin.manifest.tensors"]),
        "shape": (begin(shapeless, MEAN), ["begin.manifest.tensors[0].shape[0]"]),
        "result type": (begin(MANIFEST, MEAN, result_element_type=float16), ["begin.result_element_type"]),
        "policy": (begin(MANIFEST, policy), ["begin.aggregation.bulyan.selection", "begin.aggregation.f"]),
        "all": (
            begin(shapeless, policy, -1, result_element_type=float16),
            [
                "begin.round",
                "begin.aggregation.bulyan.selection",
                "begin.aggregation.f",
                "begin.manifest.tensors[0].shape[0]",
                "begin.result_element_type",
            ],
        ),
    }


@pytest.mark.parametrize("what", faulty_begins())
async def test_every_fault_of_an_opening_is_named(server: Serving, what: str) -> None:
    message, fields = faulty_begins()[what]
    refusal = await refusal_of(server, [message])
    assert refusal.reason == "INVALID_FIELD"
    assert sorted(refusal.violations) == sorted(fields)


@pytest.mark.parametrize(
    ("changes", "field", "word"),
    [
        ({"name": ""}, "client_id", "has 0 characters"),
        ({"name": "x" * 65}, "client_id", "has 65 characters"),
        ({"name": "c01"}, "client_id", "announced before"),
        ({"weight": -1.0}, "weight", "is -1, must be 0 or more"),
        ({"weight": float("nan")}, "weight", "is nan"),
        ({"weight": float("inf")}, "weight", "is inf"),
        ({"sha256": b"short"}, "sha256", "has 5 bytes, must have 32"),
    ],
)
async def test_an_announcement_that_makes_no_sense_ends_the_call(
    server: Serving, changes: dict[str, Any], field: str, word: str
) -> None:
    messages = [begin(MANIFEST, MEAN), CLIENTS[1].begin(), replace(FIRST, **changes).begin()]
    refusal = await refusal_of(server, messages)
    assert refusal.reason == "INVALID_FIELD"
    assert word in refusal.violations[f"client_begin.{field}"]


async def test_a_chunk_has_1_to_262144_bytes(server: Serving) -> None:
    wide = np.zeros(CHUNK_BYTES // 8 + 1)
    manifest = manifest_of({"x": wide})
    client = Client("c00", wide.tobytes(), pieces=CHUNK_BYTES + 8)
    for data, count in ((client.payload, CHUNK_BYTES + 8), (b"", 0)):
        refusal = await refusal_of(server, [begin(manifest, MEAN), client.begin(), chunk("c00", 0, data)])
        assert refusal.reason == "INVALID_FIELD"
        assert f"has {count} bytes" in refusal.violations["chunk.chunk.data"]


async def test_the_finish_of_another_round_is_refused(server: Serving) -> None:
    refusal = await refusal_of(server, [begin(MANIFEST, MEAN, 3), *one_after_another(CLIENTS), finish(4)])
    assert refusal.violations == {"finish.round": "is 4, must be 3, the open round"}


@pytest.mark.parametrize("ready", [0, 6])
async def test_too_few_clients_for_the_rule_end_the_call_with_the_number_needed(server: Serving, ready: int) -> None:
    policy = pb.AggregationPolicy(krum=pb.KrumRule(), f=2)
    messages = [begin(MANIFEST, policy), *one_after_another(CLIENTS[:ready]), finish()]
    refusal = await refusal_of(server, messages)
    assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.reason == "QUORUM_NOT_REACHED"
    assert refusal.metadata == {"needed": "7", "present": str(ready)}


async def test_more_screened_clients_than_may_be_faulty_end_the_call(server: Serving) -> None:
    policy = pb.AggregationPolicy(coordinate_median=pb.CoordinateMedianRule(), f=1)
    liars = [replace(client, sha256=bytes(32)) for client in CLIENTS[:2]]
    refusal = await refusal_of(server, [begin(MANIFEST, policy), *one_after_another([*liars, *CLIENTS[2:]]), finish()])
    assert refusal.reason == "QUORUM_NOT_REACHED"
    assert refusal.metadata == {"needed": "6", "present": "5"}


async def test_the_verdicts_on_all_clients_are_sent_before_the_call_ends_without_an_aggregate(server: Serving) -> None:
    policy = pb.AggregationPolicy(krum=pb.KrumRule(), f=2)
    liar = replace(CLIENTS[0], sha256=bytes(32))
    call = server.open()
    await send(call, [begin(MANIFEST, policy), *one_after_another([liar, *CLIENTS[1:5]]), finish()])
    told: dict[str, pb.Verdict] = {}

    async def read_all() -> None:
        async for response in call:
            told[response.client_verdict.participant] = response.client_verdict

    with pytest.raises(grpc.aio.AioRpcError, match="needs 5 updates for f = 1; 4 passed"):
        await read_all()
    assert told[liar.name].reason == pb.VERDICT_REASON_DIGEST
    others = [told[client.name] for client in CLIENTS[1:5]]
    assert {verdict.reason for verdict in others} == {pb.VERDICT_REASON_ROUND_SKIPPED}
    # float32 of standard normals: the stored numbers have this norm to a few units in the last place of float32.
    assert [verdict.norm for verdict in others] == pytest.approx(np.linalg.norm(X[1:5], axis=1), rel=1e-6)


async def test_more_clients_than_the_memory_holds_are_told_in_clients(
    server: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "FLOAT_BYTES", 2**40)
    refusal = await refusal_of(server, [begin(MANIFEST, MEAN), *one_after_another(CLIENTS), finish()])
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert "aggregating 7 clients" in refusal.message
    assert "grid" not in refusal.message


async def test_an_aggregate_that_is_not_finite_ends_the_call_with_the_remedy(server: Serving) -> None:
    manifest, clients = clients_of(np.full((3, 4), 1e39))
    float32 = ElementType.ELEMENT_TYPE_FLOAT32
    messages = [begin(manifest, MEAN, result_element_type=float32), *one_after_another(clients), finish()]
    refusal = await refusal_of(server, messages)
    assert refusal.reason == "INVALID_FIELD"
    assert "wider type" in refusal.violations["begin.result_element_type"]


async def test_a_round_has_at_most_so_many_clients(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    assert requests.MOST_CLIENTS == 10_000
    monkeypatch.setattr(round_module, "MOST_CLIENTS", 6)
    refusal = await refusal_of(server, [begin(MANIFEST, MEAN), *(client.begin() for client in CLIENTS)])
    assert refusal.reason == "QUOTA_EXCEEDED"
    assert "6 clients are announced" in refusal.message


async def test_manifests_of_the_clients_own_are_bounded_together(
    server: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "MOST_LAYOUT_BYTES", 2 * announcements.TENSOR_BYTES)
    own = [replace(client, manifest=MANIFEST).begin() for client in CLIENTS]
    refusal = await refusal_of(server, [begin(MANIFEST, MEAN), *own[:3]])
    assert refusal.reason == "QUOTA_EXCEEDED"
    assert "manifests of the clients' own" in refusal.message


def wide_clients(count: int) -> Iterator[pb.AggregateRequest]:
    """Announcements of updates of 64 KiB."""
    wide = np.zeros(8192)
    yield begin(manifest_of({"x": wide}), MEAN)
    for k in range(count):
        yield Client(f"{k}", wide.tobytes()).begin()


async def test_what_a_stream_stores_is_bounded(serve: Any) -> None:
    server = await serve(stream_bytes=4 * 65536)
    refusal = await refusal_of(server, list(wide_clients(4)))
    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert refusal.reason == "QUOTA_EXCEEDED"
    assert "262144" in refusal.message


async def test_what_all_streams_store_together_is_bounded_and_a_later_try_succeeds(serve: Any) -> None:
    server = await serve(server_bytes=4 * 65536)
    first = server.open()
    await send(first, wide_clients(2))
    await eventually(lambda: server.spool.taken == 3 * 65536)
    call = server.open()
    await send(call, wide_clients(1))
    refusal = await refused(call)
    assert refusal.reason == "OVERLOADED"
    assert refusal.retry_s is not None
    first.cancel()
    await eventually(lambda: server.spool.taken == 0)
    second = server.open()
    await send(second, wide_clients(1))
    await eventually(lambda: server.spool.taken == 2 * 65536)
    second.cancel()


async def test_so_many_streams_may_be_open_and_no_more(serve: Any) -> None:
    server = await serve(max_streams=1)
    first = server.open()
    await first.write(begin(MANIFEST, MEAN))
    await eventually(lambda: server.runtime.admission.streams == 1)
    assert (await refusal_of_second(server)).reason == "OVERLOADED"
    first.cancel()


async def refusal_of_second(server: Serving) -> Refusal:
    call = server.open()
    return await refused(call)


async def test_rules_that_need_more_memory_than_there_is_are_refused(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "SQUARES", 10**5)
    server = await serve(max_bytes=64 * 2**20)
    policy = pb.AggregationPolicy(krum=pb.KrumRule(), f=0)
    refusal = await refusal_of(server, [begin(MANIFEST, policy), *one_after_another(CLIENTS), finish()])
    assert refusal.reason == "OVERLOADED"
    assert server.runtime.admission.bytes_held == 0
