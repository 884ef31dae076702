"""What a call takes when it comes: one of its class's bucket and one of everybody's, both or none.

What a call costs besides is known once its first message has come (spending.py). A call which that refuses keeps what
it took here: who has used up one limit is bounded by the others.
"""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from mfn_server.errors import Fault
from mfn_server.limiting.buckets import Bucket, Buckets, Level, Numbers
from mfn_server.limiting.costs import Resource
from mfn_server.limiting.outcomes import ALLOWED, LIMITED, STORE_FAILED, LimitOutcomes
from mfn_server.limiting.refusals import limited
from mfn_server.limiting.streams import Streams
from mfn_server.limiting.subjects import subject_of
from mfn_server.networks import network_of
from mfn_server.rpc.call import Call
from mfn_server.rpc.methods import MethodClass

EVERYBODY = "everybody"
LIMIT, REMAINING = "x-ratelimit-limit", "x-ratelimit-remaining"


@dataclass(frozen=True)
class Limits:
    """The kinds of buckets: of each class of methods, of each resource, and the one of all principals together."""

    classes: Mapping[MethodClass, Bucket]
    resources: Mapping[Resource, Bucket]
    everybody: Bucket


@dataclass(frozen=True)
class _Entry:
    """What a call of a class takes from: the bucket of its subject, and perhaps everybody's."""

    own: Bucket
    shared: Bucket | None
    arguments: tuple[float, ...]
    shared_keys: tuple[str, ...]

    def bucket(self, found: Numbers) -> Bucket:
        """The one that the last four numbers are about."""
        return self.own if len(found) == 4 or self.shared is None else self.shared


class Limiter:
    """All limits of a server.

    peers: buckets of callers that need no credential, kept apart from principals' own: addresses are cheap, and a flood
    of them must not push a principal's bucket out of memory.
    """

    def __init__(
        self, limits: Limits, principals: Buckets, peers: Buckets, streams: Streams, outcomes: LimitOutcomes
    ) -> None:
        self.limits = limits
        self.streams = streams
        self._principals, self._peers = principals, peers
        self._outcomes = outcomes
        self._entries = {name: _entry(limits, name, bucket) for name, bucket in limits.classes.items()}

    @property
    def kept(self) -> int:
        """Buckets in this process's memory."""
        return self._principals.kept + self._peers.kept

    async def close(self) -> None:
        """Let go of the stores."""
        await self._principals.close()
        await self._peers.close()

    def enter(self, call: Call) -> Awaitable[None] | None:
        """Take what every call takes: now, or once what is returned has been awaited. RATE_LIMITED refuses it."""
        entry = self._entries[call.method.method_class]
        keys = (entry.own.key(_own(call)), *entry.shared_keys)
        found = self._buckets_of(call).at_once(keys, entry.arguments)
        if found is None:
            return self._entered(call, entry, keys)
        self._let_in(call, entry, found)
        return None

    async def _entered(self, call: Call, entry: _Entry, keys: Sequence[str]) -> None:
        found = await self.take(call, keys, entry.arguments)
        if found is not None:
            self._let_in(call, entry, found)

    def _let_in(self, call: Call, entry: _Entry, found: Numbers) -> None:
        if found[-4]:
            self.refuse(call, entry.bucket(found), 1, level_of(entry.bucket(found), found[-4:]))
        self._outcomes.count(call.method.method_class, ALLOWED)
        self._tell_first(call, entry, found)

    async def look(self, call: Call) -> None:
        """Tell how full the bucket is that belongs to the caller, and take nothing."""
        own = self._entries[call.method.method_class].own
        found = await self.take(call, [own.key(_own(call))], [*own.arguments, 0])
        if found is not None:
            self._outcomes.count(call.method.method_class, ALLOWED)
            tell(call, level_of(own, found))

    async def take(self, call: Call, keys: Sequence[str], arguments: Sequence[float]) -> Numbers | None:
        """Take from all of these buckets or none, on behalf of a call; None where the store failed and it passes."""
        try:
            found = await self._buckets_of(call).take(keys, arguments)
        except Fault:
            self._outcomes.count(call.method.method_class, STORE_FAILED)
            raise
        if found is None:
            self._outcomes.count(call.method.method_class, STORE_FAILED)
        return found

    def refuse(self, call: Call, bucket: Bucket, asked: int, level: Level) -> NoReturn:
        """Tell the caller of the limit that it has reached."""
        self._outcomes.count(call.method.method_class, LIMITED)
        tell(call, level)
        subject = "server" if bucket is self.limits.everybody else subject_of(call)
        raise limited(bucket, subject, asked, level)

    def _buckets_of(self, call: Call) -> Buckets:
        return self._peers if call.method.is_open else self._principals

    def _tell_first(self, call: Call, entry: _Entry, found: Numbers) -> None:
        """Of the bucket that will be empty first: both count calls."""
        own, shared = int(found[1]), entry.shared
        if shared is None or own <= found[5]:
            call.told += ((LIMIT, entry.own.shown), (REMAINING, str(own)))
        else:
            call.told += ((LIMIT, shared.shown), (REMAINING, str(int(found[5]))))


def _own(call: Call) -> str:
    return network_of(call.peer) if call.method.is_open else call.identity.principal


def level_of(bucket: Bucket, found: Numbers) -> Level:
    """How full a bucket is, from the four numbers about it."""
    return Level(bucket.rate.burst, max(0, int(found[1])), float(found[3]))


def tell(call: Call, level: Level) -> None:
    """Have the answer name this level, in place of the one before."""
    call.told[:] = [entry for entry in call.told if entry[0] not in {LIMIT, REMAINING}]
    call.told += ((LIMIT, str(level.limit)), (REMAINING, str(level.remaining)))


def _entry(limits: Limits, name: MethodClass, own: Bucket) -> _Entry:
    mine = (*own.arguments, 1)
    if name is MethodClass.HEALTH:  # whoever floods the server must not make its orchestrator think it dead
        return _Entry(own, None, mine, ())
    shared = limits.everybody
    return _Entry(own, shared, (*mine, *shared.arguments, 1), (shared.key(EVERYBODY),))
