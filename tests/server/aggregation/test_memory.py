"""What a round holds in memory does not grow with the number of its clients, and is what admission was told."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mfn_grpc.core.aggregation import AggregationPolicy, KrumRule, MeanRule, NearestNeighborMixing, TrimmedMeanRule
from mfn_grpc.tensors import CHUNK_BYTES, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.aggregation.memory import FLOAT_BYTES, aggregation_bytes
from tests.server.aggregation.serving import MIB, Client, Serving, begin, chunk, finish, run_round

FEW, MANY = 8, 128
KRUM = pb.AggregationPolicy(krum=pb.KrumRule(), f=1)


def anonymous_bytes() -> int:
    """RssAnon of this process: memory that no file stands behind."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kibibytes,) = (line.split()[1] for line in lines if line.startswith("RssAnon:"))
    return int(kibibytes) * 1024


@contextmanager
def watching() -> Iterator[list[int]]:
    """Samples of anonymous_bytes as long as it lasts."""
    samples, ended = [anonymous_bytes()], threading.Event()

    def sample() -> None:
        while not ended.wait(0.002):
            samples.append(anonymous_bytes())

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


def messages(count: int, row: np.ndarray) -> Iterator[pb.AggregateRequest]:
    """A round in which every client sends the same numbers, made as they are sent."""
    manifest = manifest_of({"x": row})
    payload = memoryview(row.tobytes())
    digest = hashlib.sha256(payload).digest()
    yield begin(manifest, KRUM)
    for k in range(count):
        yield Client(f"{k:03}", b"", total_bytes=len(payload), sha256=digest).begin()
        for start in range(0, len(payload), CHUNK_BYTES):
            yield chunk(f"{k:03}", start, bytes(payload[start : start + CHUNK_BYTES]))
    yield finish()


async def peak(server: Serving, count: int, row: np.ndarray) -> int:
    """Growth of anonymous memory at its highest during a round."""
    with watching() as samples:
        outcome = await run_round(server, messages(count, row))
        await asyncio.sleep(0)
    assert outcome.payload == row.tobytes()
    return max(samples) - samples[0]


async def test_memory_does_not_grow_with_the_clients_of_a_round(server: Serving) -> None:
    row = np.random.default_rng(1).standard_normal(MIB // 4).astype(np.float32)
    await peak(server, FEW, row)  # whatever is allocated once
    few, many = await peak(server, FEW, row), await peak(server, MANY, row)
    # 120 MiB more are sent. A third of that is room for what allocators and grpc's buffers do at will.
    assert many - few < (MANY - FEW) * row.nbytes / 3


def test_what_a_rule_holds_is_blocks_and_with_distances_squares_of_n() -> None:
    blocks = aggregation_bytes(AggregationPolicy(rule=MeanRule(), pre_aggregators=()), 10)
    assert blocks == aggregation_bytes(AggregationPolicy(rule=TrimmedMeanRule(), pre_aggregators=()), 1000)
    for policy in (
        AggregationPolicy(rule=KrumRule(), pre_aggregators=()),
        AggregationPolicy(rule=MeanRule(), pre_aggregators=(NearestNeighborMixing(),)),
    ):
        growth = aggregation_bytes(policy, 2000) - aggregation_bytes(policy, 1000)
        assert growth % (2000**2 - 1000**2) == 0
        assert growth >= FLOAT_BYTES * (2000**2 - 1000**2)
