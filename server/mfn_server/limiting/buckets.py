"""Several buckets taken from at once: from all of them, or, where one has too little, from none.

The arithmetic is throttled-py's GCRA; what is added here is the all-or-none. A `Taking` runs in the
store itself, so that it is one round trip to a Redis and nothing comes between.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from mfn_server.config.rates import Rate

Numbers = tuple[int | float, ...]


@dataclass(frozen=True)
class Bucket:
    """A kind of bucket. name: what is counted, such as `simulate` calls or `bytes`. unit: the word for one of them."""

    name: str
    unit: str
    rate: Rate

    @cached_property
    def shown(self) -> str:
        """What it holds, as answers tell it."""
        return str(self.rate.burst)

    @cached_property
    def arguments(self) -> tuple[float, int]:
        """Seconds in which one comes back, and how many it holds."""
        return self.rate.period_s / self.rate.count, self.rate.burst

    def key(self, subject: str) -> str:
        """The name in the store of the one that belongs to a subject."""
        return f"{{mfn}}:{self.name}:{subject}"  # braces: one slot of a cluster, so that several are taken at once


@dataclass(frozen=True, slots=True)
class Level:
    """How full a bucket is. retry_s: when there will be enough for what was asked, 0 when there was."""

    limit: int
    remaining: int
    retry_s: float


class Buckets(Protocol):
    """Where buckets are kept."""

    def take(self, keys: Sequence[str], arguments: Sequence[float]) -> Awaitable[Numbers | None]:
        """Take from all or none; None where the store failed and calls are to pass.

        arguments: for each key the seconds in which one comes back, what it holds, and how many are taken (0 looks).
        Returns four numbers for each key, up to and with the first that has too little: whether it has (1 or 0), what
        remains, seconds until it is full, and seconds until there will be enough.
        """

    def at_once(self, keys: Sequence[str], arguments: Sequence[float]) -> Numbers | None:
        """As `take`, but without waiting; None, and nothing is taken, where the store has to be waited for."""

    @property
    def kept(self) -> int:
        """Buckets in this process's memory."""

    async def close(self) -> None:
        """Let go of connections."""
