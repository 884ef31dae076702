"""Buckets in this process's memory: bounded, and the refilled ones forgotten."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice
from math import floor
from time import monotonic

from mfn_server.limiting.buckets import Numbers

LOOKED_AT = 4
"""Of the buckets that were unused longest, for each new one: memory follows the callers of the last minutes."""


class MemoryBuckets:
    """At most `most` buckets.

    A new one makes room by the refilled among those unused longest, which loses nothing; where none of these is, the
    one unused longest starts afresh. A bucket in use is never that one: who wants another's bucket forgotten must fill
    `most` others between two calls of its owner, and a bucket begins with no more than each of those already gave.
    The arithmetic is that of throttled-py's GCRA, whose own form for a memory converts its numbers at every bucket.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._full_at = OrderedDict[str, float]()

    async def take(self, keys: Sequence[str], arguments: Sequence[float]) -> Numbers:
        """As Buckets.take; never fails."""
        return self.at_once(keys, arguments)

    def at_once(self, keys: Sequence[str], arguments: Sequence[float]) -> Numbers:
        """As Buckets.at_once; nothing comes between."""
        now, found = monotonic(), tuple[int | float, ...]()
        for i, key in enumerate(keys):
            found += self._taken(key, arguments[3 * i : 3 * i + 3], now)
            if found[-4]:
                for j in range(i):
                    self._give_back(keys[j], arguments[3 * j] * arguments[3 * j + 2], now)
                break
        return found

    @property
    def kept(self) -> int:
        """Buckets in memory."""
        return len(self._full_at)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _taken(self, key: str, arguments: Sequence[float], now: float) -> Numbers:
        interval_s, holds, cost = arguments
        kept = self._full_at.get(key)
        if kept is not None:
            self._full_at.move_to_end(key)
        full_at = now if kept is None or kept < now else kept
        remaining = holds - cost + floor((now - full_at) / interval_s)
        if remaining < 0:
            return 1, min(holds, cost + remaining), full_at - now, abs(now - full_at + (holds - cost) * interval_s)
        later = full_at + cost * interval_s
        if later > now:
            if kept is None:
                self._make_room(now)
            self._full_at[key] = later
        return 0, remaining, later - now, 0.0

    def _give_back(self, key: str, seconds: float, now: float) -> None:
        full_at = self._full_at.get(key, now) - seconds
        if full_at > now:
            self._full_at[key] = full_at
        else:
            self._full_at.pop(key, None)

    def _make_room(self, now: float) -> None:
        for unused, full_at in tuple(islice(self._full_at.items(), LOOKED_AT)):
            if full_at <= now:
                del self._full_at[unused]
        if len(self._full_at) >= self._most:
            self._full_at.popitem(last=False)
