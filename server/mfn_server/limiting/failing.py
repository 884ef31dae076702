"""What calls do when the shared store of the limits does not answer."""

import logging
from collections.abc import Callable, Sequence
from time import monotonic

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.config.rates import StoreFailure
from mfn_server.errors import Fault
from mfn_server.limiting.buckets import Numbers
from mfn_server.limiting.shared import RedisBuckets, StoreFailed

FAILURES, REST_S = 3, 1.0
"""After so many failures in a row the store is left alone for so long: calls do not wait for it one by one."""
LOG_EVERY_S = 60.0

log = logging.getLogger(__name__)


class Guarded:
    """A Redis of buckets that may fail: `open` lets calls pass, `closed` refuses them until it answers again."""

    def __init__(self, buckets: RedisBuckets, policy: StoreFailure, clock: Callable[[], float] = monotonic) -> None:
        self._buckets, self._policy, self._clock = buckets, policy, clock
        self._in_a_row = 0
        self._unlogged = 0
        self._rests_until = self._logs_from = float("-inf")

    async def take(self, keys: Sequence[str], arguments: Sequence[float]) -> Numbers | None:
        """As Buckets.take; LIMITS_UNAVAILABLE with a time to come back where calls are refused meanwhile."""
        if self._clock() < self._rests_until:
            self._failed("it rests")
            return None
        try:
            found = await self._buckets.take(keys, arguments)
        except StoreFailed as failure:
            self._in_a_row += 1
            if self._in_a_row >= FAILURES:
                self._rests_until = self._clock() + REST_S
            self._failed(str(failure))
            return None
        self._in_a_row = 0
        return found

    def at_once(self, keys: Sequence[str], arguments: Sequence[float]) -> None:
        """As Buckets.at_once: a Redis is always waited for."""

    @property
    def kept(self) -> int:
        """Buckets in this process's memory."""
        return self._buckets.kept

    async def close(self) -> None:
        """Close the connections."""
        await self._buckets.close()

    def _failed(self, why: str) -> None:
        self._unlogged += 1
        if (now := self._clock()) >= self._logs_from:
            meaning = "pass unlimited" if self._policy is StoreFailure.OPEN else "are refused"
            log.error("the store of rate limits does not answer (%s); calls %s: %d", why, meaning, self._unlogged)
            self._unlogged, self._logs_from = 0, now + LOG_EVERY_S
        if self._policy is StoreFailure.CLOSED:
            text = f"the server cannot check rate limits at the moment; try again in {REST_S:g} s"
            raise Fault(reasons.ERROR_REASON_LIMITS_UNAVAILABLE, text, retry_after_s=REST_S)
