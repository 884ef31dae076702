"""Buckets in a Redis that replicas share."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from secrets import token_hex
from typing import Any, cast

from throttled import types
from throttled.asyncio.store import BaseRedisAtomicAction, RedisStore, RedisStoreBackend
from throttled.exceptions import StoreUnavailableError
from throttled.rate_limiter.gcra import RedisLimitAtomicActionSpec

from mfn_server.limiting.buckets import Numbers

TIMEOUT_S = 0.1
"""Longest that a call waits for the store."""
CONNECTIONS = 32
TRIAL_S = 2.0
"""Longest wait for a store that is to be used from now on."""

SCRIPT = f"""
local function take(KEYS, ARGV)
{RedisLimitAtomicActionSpec.SCRIPTS}
end

local function give_back(key, interval, cost)
    local time = redis.call("TIME")
    local now = (time[1] - 1735660800) + (time[2] / 1000000)
    local full_at = tonumber(redis.call("GET", key) or now) - cost * interval
    if full_at > now then
        redis.call("SET", key, full_at, "EX", math.ceil(full_at - now))
    else
        redis.call("DEL", key)
    end
end

local found = {{}}
for i = 1, #KEYS do
    local interval, capacity, cost = ARGV[3 * i - 2], ARGV[3 * i - 1], tonumber(ARGV[3 * i])
    local one = take({{KEYS[i]}}, {{interval, capacity, cost}})
    for _, number in ipairs(one) do
        table.insert(found, number)
    end
    if one[1] == 1 then
        for j = 1, i - 1 do
            give_back(KEYS[j], tonumber(ARGV[3 * j - 2]), tonumber(ARGV[3 * j]))
        end
        break
    end
end
return found
"""
"""throttled-py's script of one bucket as a function, called for each; the epoch is its own."""


TRIAL_ARGUMENTS = (1, 1, 1)
"""Interval, capacity and cost of a bucket that is forgotten after a second."""


class StoreFailed(Exception):
    """The store did not answer, or not in time; the text is the kind of failure."""


def require_answer(url: str) -> None:
    """Blocks until a store has run the script on a key of its own; raises ValueError, which does not repeat the URL.

    A store may answer a PING and still refuse the script, to this user or as a replica that only reads.
    """
    import redis  # noqa: PLC0415  # the extra may not be installed

    try:
        with closing(redis.Redis.from_url(url, socket_timeout=TRIAL_S, socket_connect_timeout=TRIAL_S)) as client:
            client.eval(SCRIPT, 1, f"mfn:trial:{token_hex(8)}", *TRIAL_ARGUMENTS)
    except (redis.RedisError, OSError, ValueError) as error:
        raise ValueError(f"the store that it names cannot be used: {type(error).__name__}") from None


class RedisBuckets:
    """Buckets of a redis:// or rediss:// URL; each forgets itself once it is full again."""

    def __init__(self, url: str) -> None:
        options = {
            "CONNECTION_POOL_CLASS": "redis.asyncio.BlockingConnectionPool",
            "CONNECTION_POOL_KWARGS": {"max_connections": CONNECTIONS, "timeout": TIMEOUT_S},
        }
        self._store = _Store(url, options)
        self._taking = self._store.make_atomic(_Taking)

    async def take(self, keys: Sequence[str], arguments: Sequence[float]) -> Numbers:
        """As Buckets.take; raises StoreFailed."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._taking.do(keys, arguments)
        except (StoreUnavailableError, TimeoutError, OSError) as error:
            cause = error.__cause__ if isinstance(error, StoreUnavailableError) else None
            raise StoreFailed(type(cause or error).__name__) from error

    def at_once(self, keys: Sequence[str], arguments: Sequence[float]) -> None:
        """As Buckets.at_once: a Redis is always waited for."""

    @property
    def kept(self) -> int:
        """None here."""
        return 0

    async def close(self) -> None:
        """Close the connections."""
        await self._store.close()


class _Store(RedisStore):
    _backend: RedisStoreBackend

    async def close(self) -> None:
        client = cast("Any", self._backend.get_client())  # throttled-py's protocol of it leaves out how it is closed
        await client.aclose(close_connection_pool=True)


class _Taking(BaseRedisAtomicAction):
    TYPE = "take-together"

    def __init__(self, backend: RedisStoreBackend) -> None:
        super().__init__(backend)
        self._script = self._register_script(SCRIPT)

    async def do(self, keys: Sequence[types.KeyT], args: Sequence[types.StoreValueT] | None) -> Numbers:
        found = await self._script(keys, args)
        return tuple(float(number) for number in found)
