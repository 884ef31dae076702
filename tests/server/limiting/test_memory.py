"""Buckets in memory are bounded, and no flood makes a busy one start afresh."""

from random import Random
from typing import Any, cast

import pytest
from throttled.rate_limiter.gcra import MemoryLimitActionLogic as GCRA  # noqa: N814  # what it is

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
    monkeypatch.setattr("mfn_server.limiting.memory.monotonic", lambda: clock[0])
    store = MemoryBuckets(1000)
    for i in range(200):
        await take(store, (CALLS, 1), subject=f"p{i}")
    clock[0] += 2 * 3600
    for i in range(100):
        await take(store, (CALLS, 1), subject=f"new{i}")
    assert store.kept == 100


class Kept(dict[str, float]):
    """What throttled-py's arithmetic needs of a store."""

    def set(self, key: str, value: float, timeout: int) -> None:
        self[key] = value


def test_the_arithmetic_is_that_of_throttled_py(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, random, kept = [1000.0], Random(7), Kept()
    monkeypatch.setattr("throttled.utils.now_mono_f", lambda: clock[0])
    monkeypatch.setattr("mfn_server.limiting.memory.monotonic", lambda: clock[0])
    store = MemoryBuckets(10)
    limited = 0
    for _ in range(2000):
        asked = (0.5, 4, random.randrange(6))
        found = store.at_once(["a"], asked)
        assert found == GCRA._do(cast("Any", kept), ["a"], asked)
        limited += int(found[0])
        clock[0] += random.choice((0.0, 0.1, 0.5, 3.0))
    assert 100 < limited < 1900
