"""Which failures a participant outlives, and how long it waits before it joins again."""

import math
import random
import time
from collections.abc import Callable

import grpc

from mfn_client._exceptions import NOT_OWNER, MfnError, RpcError, StreamCorrupted, TlsFailed
from mfn_client._resume import is_busy

FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 30.0

TASK_REFUSED = frozenset({"ROUND_MISMATCH", "MODEL_VERSION_MISMATCH", "NOT_SELECTED"})
"""The server wants this task's result no more; the participant goes on without it."""

_PASSING_REASONS = TASK_REFUSED | {
    "STREAM_IDLE",
    "STORAGE_FULL",
    "OFFSET_MISMATCH",
    "CHECKSUM_MISMATCH",
    "DIGEST_MISMATCH",
    "INTERNAL",
    "SEAL_BROKEN",  # the server was started without a key of its files: its operator restarts it
}
_PASSING_CODES = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.INTERNAL,
    }
)


def passes(error: MfnError) -> bool:
    """Whether joining again may help: the way to the server, its load or its storage failed, or bytes were damaged."""
    if not isinstance(error, RpcError):
        return isinstance(error, StreamCorrupted)
    return not isinstance(error, TlsFailed) and (
        is_busy(error)
        or error.reason in _PASSING_REASONS
        or (not error.reason and error.code in _PASSING_CODES)
        or (error.code is grpc.StatusCode.UNAVAILABLE)
    )


class Retry:
    """Exponential delays with full jitter, within a budget that starts at the first failure after progress.

    Args:
        budget_s: Seconds without progress after which the failure is raised; infinite: never.
        clock: Seconds that only grow.
        jitter: A number from 0 to 1, another one each time.
        first_budget_s: As `budget_s`, until a server has answered for the first time. Default: no other.
    """

    def __init__(
        self,
        budget_s: float,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        first_budget_s: float | None = None,
    ) -> None:
        self._budget_s, self._clock, self._jitter = budget_s, clock, jitter
        self._first_budget_s = budget_s if first_budget_s is None else first_budget_s
        self._answered = False
        self._failures = 0
        self._failing_since = math.inf

    def progress(self) -> None:
        """Something came or got through: earlier failures count no more."""
        self._failures, self._failing_since = 0, math.inf

    def answered(self) -> None:
        """A server is there; no progress by itself."""
        self._answered = True

    def delay(self, error: MfnError) -> float:
        """Seconds to wait after this failure, at least what the server asks for; raises one that does not pass."""
        if not passes(error):
            raise error
        if isinstance(error, RpcError) and error.reason not in {"", NOT_OWNER}:
            self._answered = True
        now = self._clock()
        self._failing_since = min(self._failing_since, now)
        if now - self._failing_since > (self._budget_s if self._answered else self._first_budget_s):
            raise error
        most = min(FIRST_DELAY_S * 2.0**self._failures, LONGEST_DELAY_S)
        self._failures = min(self._failures + 1, 30)
        hint = error.retry_after if isinstance(error, RpcError) else None
        return (hint or 0.0) + most * self._jitter()
