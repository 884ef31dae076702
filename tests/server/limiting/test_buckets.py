"""Taking from several buckets at once, in memory and in a Redis alike."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mfn_server.limiting.buckets import Buckets
from mfn_server.limiting.memory import MemoryBuckets
from mfn_server.limiting.shared import RedisBuckets
from tests.server.limiting.stores import Redis, bucket, left, take

CALLS, EVERYBODY, BYTES = bucket("read", 3), bucket("global", 2), bucket("bytes", 10**15, 10**15)


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, require_tool: Callable[[str, str], Path]) -> AsyncIterator[Buckets]:
    if request.param == "memory":
        yield MemoryBuckets(100)
        return
    server = Redis(require_tool("redis-server", "apt-get install redis-server"))
    with server.running():
        shared = RedisBuckets(server.url)
        yield shared
        await shared.close()


async def test_a_bucket_gives_its_burst_and_then_says_when_there_is_more(store: Buckets) -> None:
    assert [int((await take(store, (CALLS, 1)))[1]) for _ in range(3)] == [2, 1, 0]
    limited, remaining, _, retry_s = await take(store, (CALLS, 1))
    assert (limited, remaining) == (1, 0)
    assert retry_s == pytest.approx(3600, abs=60)
    assert int((await take(store, (CALLS, 1), subject="bob"))[1]) == 2


async def test_what_one_bucket_refuses_is_taken_from_none(store: Buckets) -> None:
    for _ in range(2):
        assert not (await take(store, (CALLS, 1), (EVERYBODY, 1)))[-4]
    for _ in range(5):
        found = await take(store, (CALLS, 1), (EVERYBODY, 1))
        assert (len(found), found[-4]) == (8, 1)
    assert (await left(store, CALLS), await left(store, EVERYBODY)) == (1, 0)
    await take(store, (CALLS, 1))
    assert len(await take(store, (CALLS, 1), (BYTES, 10))) == 4  # the second was not asked


async def test_the_largest_rate_a_setting_allows_is_counted_within_its_resolution(store: Buckets) -> None:
    found = await take(store, (BYTES, 10**15))
    assert not found[0]
    limited, remaining, _, retry_s = await take(store, (BYTES, 10**15))
    assert limited
    assert remaining < 10**14
    assert 3000 < retry_s <= 3600
