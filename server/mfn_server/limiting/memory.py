"""Buckets in this process's memory: bounded, and the refilled ones forgotten."""

from collections.abc import Sequence
from itertools import islice

from throttled import types, utils
from throttled.asyncio.store import MemoryStoreBackend
from throttled.rate_limiter.gcra import MemoryLimitActionLogic

from mfn_server.limiting.buckets import Numbers

LOOKED_AT = 4
"""Of the buckets that were unused longest, for each new one: memory follows the callers of the last minutes."""


class MemoryBuckets:
    """At most `most` buckets.

    A new one makes room by the refilled among those unused longest, which loses nothing; where none of these is, the
    one unused longest starts afresh. A bucket in use is never that one: who wants another's bucket forgotten must fill
    `most` others between two calls of its owner, and a bucket begins with no more than each of those already gave.
    """

    def __init__(self, most: int) -> None:
        self._backend = _Backend(options={"MAX_SIZE": most})

    async def take(self, keys: Sequence[str], arguments: Sequence[float]) -> Numbers:
        """As Buckets.take; never fails."""
        return self.at_once(keys, arguments)

    def at_once(self, keys: Sequence[str], arguments: Sequence[float]) -> Numbers:
        """As Buckets.at_once; nothing comes between."""
        return _Taking.together(self._backend, keys, arguments)

    @property
    def kept(self) -> int:
        """Buckets in memory."""
        return len(self._backend.get_client())

    async def close(self) -> None:
        """Nothing to let go of."""


class _Backend(MemoryStoreBackend):
    """Keeps of each bucket when it will be full, and by that knows which are: no expiry is noted beside it."""

    def get(self, key: types.KeyT) -> types.StoreValueT | None:
        full_at = self._client.get(key)
        if full_at is None:
            return None
        self._client.move_to_end(key)
        return full_at  # type: ignore[return-value]  # nothing puts the store's other kind of value, mappings, in here

    def set(self, key: types.KeyT, value: types.StoreValueT, timeout: int) -> None:
        if key not in self._client:
            self._make_room()
        self._client[key] = value

    def _make_room(self) -> None:
        now = utils.now_mono_f()
        for unused, full_at in tuple(islice(self._client.items(), LOOKED_AT)):
            if full_at <= now:  # type: ignore[operator]  # as above
                del self._client[unused]
        if len(self._client) >= self.max_size:
            self._client.popitem(last=False)


class _Taking(MemoryLimitActionLogic):
    @classmethod
    def together(cls, backend: _Backend, keys: Sequence[str], arguments: Sequence[float]) -> Numbers:
        found: Numbers = ()
        for i, key in enumerate(keys):
            found += cls._do(backend, (key,), arguments[3 * i : 3 * i + 3])
            if found[-4]:
                for j in range(i):
                    _give_back(backend, keys[j], arguments[3 * j], arguments[3 * j + 2])
                break
        return found


def _give_back(backend: _Backend, key: str, interval_s: float, cost: float) -> None:
    now = utils.now_mono_f()
    full_at = float(backend.get(key) or now) - cost * interval_s
    if full_at > now:
        backend.set(key, full_at, 0)
    else:
        backend.delete(key)
