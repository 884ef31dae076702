"""When and how long to wait before a broken simulation is taken up again, or a busy server is asked again."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mfn_client._exceptions import NOT_OWNER, Overloaded, RpcError, Unavailable

FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0
GROWTH = 2.0
RESUME_FOR_S = 60.0
"""How long a stream goes on without progress, unless its caller says otherwise."""


def _uniform() -> float:
    """A random number from 0 to 1."""
    import random  # noqa: PLC0415  # most programs never wait

    return random.random()  # noqa: S311  # nosec B311  # it spreads clients out and hides nothing


@dataclass
class Backoff:
    """Exponential delays with jitter, within a budget that starts at the first failure after progress.

    `budget_s` bounds how long a simulation may stand still before its error reaches the caller. The clock counts from
    the first failure and not from the last frame, so that long computations between frames cost nothing.
    """

    budget_s: float
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = _uniform
    _failures: int = field(default=0, init=False)
    _failing_since: float | None = field(default=None, init=False)

    def progress(self) -> None:
        """Forget earlier failures."""
        self._failures, self._failing_since = 0, None

    def delay(self, at_least: float | None) -> float | None:
        """Seconds to wait after one more failure, not less than the server asks for; None when the budget is spent."""
        now = self.clock()
        self._failing_since = now if self._failing_since is None else self._failing_since
        grown = min(FIRST_DELAY_S * GROWTH**self._failures, LONGEST_DELAY_S)
        self._failures += 1
        # Half fixed, half random: clients that lost the same server do not all come back at once.
        wait = max(grown * (0.5 + 0.5 * self.jitter()), at_least or 0.0)
        return wait if now + wait - self._failing_since <= self.budget_s else None


def is_busy(error: RpcError) -> bool:
    """Whether the server would take the request later; one that is too large for it comes without a time."""
    return isinstance(error, Overloaded) and error.retry_after is not None


class UnaryAttempts:
    """The attempts of one unary call: a busy server is asked again while the seconds of the call last.

    lost_attempts: how often the call is tried where no server answers, or one that starts or stops. 1 where grpc sees
    to that, or a repeat could do harm.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = _uniform,
        lost_attempts: int = 1,
    ) -> None:
        self._lost_left = lost_attempts
        self._clock = clock
        self._deadline = clock() + seconds
        self._backoff = Backoff(seconds, clock, jitter)

    def seconds_left(self) -> float:
        """Seconds of the call that are left for the next attempt."""
        return self._deadline - self._clock()

    def delay(self, error: RpcError) -> float:
        """Seconds to wait before the next attempt; raises the error when no attempt can come after it."""
        again = is_busy(error) or self._is_lost(error)
        wait = self._backoff.delay(error.retry_after) if again else None
        if wait is None or wait >= self.seconds_left():
            raise error from None  # what grpc raised says nothing more
        return wait

    def _is_lost(self, error: RpcError) -> bool:
        """Whether another attempt may find a server; one that names the owner has answered for good."""
        self._lost_left -= 1
        return self._lost_left > 0 and isinstance(error, Unavailable) and error.reason != NOT_OWNER
