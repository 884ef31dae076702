"""Buckets in memory are bounded, and no flood makes a busy one start afresh."""

import pytest

from mfn_server.limiting.memory import MemoryBuckets
from tests.server.limiting.stores import bucket, left, take

CALLS = bucket("read", 2)
QUICK = bucket("quick", 1, 3600 * 10**9)


async def test_no_more_buckets_are_kept_than_allowed() -> None:
    store = MemoryBuckets(16)
    for i in range(100):
        await take(store, (CALLS, 1), subject=f"p{i}")
    assert store.kept == 16


async def test_a_flood_of_others_does_not_refill_a_bucket_in_use() -> None:
    store = MemoryBuckets(16)
    await take(store, (CALLS, 2))
    for i in range(200):
        await take(store, (CALLS, 1), subject=f"p{i}")
        if i % 10 == 0:
            assert (await take(store, (CALLS, 1)))[0] == 1


async def test_refilled_buckets_are_forgotten_before_the_one_unused_longest() -> None:
    store = MemoryBuckets(16)
    await take(store, (CALLS, 2))
    for i in range(15):
        await take(store, (QUICK, 1), subject=f"p{i}")
    await take(store, (CALLS, 1), subject="bob")
    assert await left(store, CALLS) == 0


async def test_idle_buckets_leave_memory_as_new_ones_come(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("throttled.utils.now_mono_f", lambda: clock[0])
    store = MemoryBuckets(1000)
    for i in range(200):
        await take(store, (CALLS, 1), subject=f"p{i}")
    clock[0] += 2 * 3600
    for i in range(100):
        await take(store, (CALLS, 1), subject=f"new{i}")
    assert store.kept == 100
