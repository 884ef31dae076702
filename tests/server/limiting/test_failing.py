"""A store that is down, slow or full: calls pass or are refused, and all is well again once it answers."""

import logging
import signal
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from mfn_server.config.rates import StoreFailure
from mfn_server.errors import Fault
from mfn_server.limiting.failing import FAILURES, LOG_EVERY_S, REST_S, Guarded
from mfn_server.limiting.shared import RedisBuckets
from tests.server.limiting.stores import Redis, bucket, take

CALLS = bucket("read", 5)


class Clock:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def redis(require_tool: Callable[[str, str], Path]) -> Redis:
    return Redis(require_tool("redis-server", "apt-get install redis-server"))


async def passes(store: Guarded) -> bool:
    """Whether a call passes without being counted."""
    return await store.take([CALLS.key("alice")], [*CALLS.arguments, 1]) is None


async def test_while_it_is_down_calls_pass_and_afterwards_they_are_counted_again(redis: Redis) -> None:
    clock = Clock()
    store = Guarded(RedisBuckets(redis.url), StoreFailure.OPEN, clock)
    assert all([await passes(store) for _ in range(FAILURES + 2)])
    with redis.running():
        assert await passes(store)  # it is left alone for a while
        clock.now += REST_S
        assert [int((await take(store, (CALLS, 1)))[1]) for _ in range(2)] == [4, 3]
    clock.now += REST_S
    assert await passes(store)
    with redis.running():
        assert int((await take(store, (CALLS, 1)))[1]) == 4  # reconnected, to a Redis that has forgotten its scripts
    await store.close()


async def test_while_it_is_down_calls_are_refused_where_the_policy_is_closed(redis: Redis) -> None:
    store = Guarded(RedisBuckets(redis.url), StoreFailure.CLOSED, Clock())
    for _ in range(FAILURES + 2):
        with pytest.raises(Fault, match="cannot check rate limits") as caught:
            await passes(store)
        assert caught.value.status_code is grpc.StatusCode.UNAVAILABLE
        assert caught.value.retry_after_s == REST_S


async def test_a_store_that_hangs_holds_no_call_up_for_long_and_is_logged_as_slow(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = Guarded(RedisBuckets(redis.url), StoreFailure.OPEN, Clock())
    with redis.running() as process:
        assert not await passes(store)
        process.send_signal(signal.SIGSTOP)
        with monkeypatch.context() as hasty:
            hasty.setattr("mfn_server.limiting.shared.TIMEOUT_S", 0.05)
            assert await passes(store)
        process.send_signal(signal.SIGCONT)
        assert not await passes(store)
    await store.close()
    assert "(TimeoutError)" in caplog.text


async def test_a_store_that_is_full_counts_as_failed(redis: Redis) -> None:
    with redis.running("--maxmemory", "1", "--maxmemory-policy", "noeviction"):
        store = Guarded(RedisBuckets(redis.url), StoreFailure.OPEN, Clock())
        assert await passes(store)
        await store.close()


async def test_failures_are_logged_once_a_minute_with_their_number_and_without_the_password(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    url = redis.url.replace("127.0.0.1", ":hunter2@127.0.0.1")  # pragma: allowlist secret
    store = Guarded(RedisBuckets(url), StoreFailure.OPEN, clock)
    with caplog.at_level(logging.ERROR, "mfn_server.limiting.failing"):
        for _ in range(7):
            await passes(store)
        clock.now += LOG_EVERY_S
        await passes(store)
    assert [record.getMessage().rsplit(": ")[-1] for record in caplog.records] == ["1", "7"]
    assert "ConnectionError" in caplog.text
    assert "hunter2" not in caplog.text
