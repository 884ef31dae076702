"""What guessing credentials costs: each wrong one of a peer makes the answers to its next wrong ones slower.

A place is taken for as long as an answer is delayed, also when the caller hangs up before: nobody gains by not waiting.
While a peer has no place left, its wrong credentials are refused at once, and those that are costly to look at are
refused unseen, except those that were right not long ago: whoever shares an address with someone who guesses is not
locked out.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from time import monotonic

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.networks import network_of

FREE_FAILURES = 5
"""Somebody who mistypes a key is told at once."""
FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0
FORGOTTEN_AFTER_S = 300.0
PLACES_PER_PEER = 4
PLACES = 256
MAX_PEERS = 10_000
MAX_KNOWN = 10_000


@dataclass(slots=True)
class _Peer:
    """failures: in a row, with pauses shorter than FORGOTTEN_AFTER_S. releases: when each taken place is free again."""

    failures: int = 0
    last: float = 0.0
    releases: list[float] = field(default_factory=list)


class Slowing:
    """Remembers who failed lately, in bounded memory; times are `monotonic` seconds."""

    def __init__(
        self, now: Callable[[], float] = monotonic, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._now, self._sleep = now, sleep
        self._peers: OrderedDict[str, _Peer] = OrderedDict()
        self._releases: list[float] = []
        self._known: dict[int, None] = {}

    def refuse_flood(self, address: str) -> None:
        """Raise RATE_LIMITED, with when to try again, while the peer has no place left."""
        if not self._peers:
            return
        peer = self._peers.get(network_of(address))
        wait_s = 0.0 if peer is None else self._until_free(peer)
        if wait_s > 0:
            text = "too many wrong credentials came from this address; try again later"
            raise Fault(reasons.ERROR_REASON_RATE_LIMITED, text, retry_after_s=wait_s)

    def refuse_unseen(self, address: str, credential: str) -> None:
        """The same, for a credential that is not known: it must not even be looked at now."""
        if hash(credential) not in self._known:
            self.refuse_flood(address)

    def succeeded(self, credential: str) -> None:
        """Remember a right credential, by a hash that is secret to this process: it is looked at even in a flood."""
        known = hash(credential)
        self._known.pop(known, None)
        self._known[known] = None
        if len(self._known) > MAX_KNOWN:
            del self._known[next(iter(self._known))]

    async def failed(self, address: str) -> None:
        """Count a wrong credential of a peer that has a place, and wait as long as its answer is to be delayed."""
        delay_s = self._counted(network_of(address))
        if delay_s > 0:
            await self._sleep(delay_s)

    def _counted(self, name: str) -> float:
        now = self._now()
        self._forget(now)
        peer = self._peers.setdefault(name, _Peer())
        self._peers.move_to_end(name)
        peer.failures, peer.last = peer.failures + 1, now
        delay_s = _delay_s(peer.failures)
        if delay_s > 0:
            self._free_places(peer, now)
            heappush(peer.releases, now + delay_s)
            heappush(self._releases, now + delay_s)
        return delay_s

    def _until_free(self, peer: _Peer) -> float:
        """Seconds until another of the peer's credentials may be looked at."""
        now = self._now()
        self._free_places(peer, now)
        if len(peer.releases) >= PLACES_PER_PEER:
            return peer.releases[0] - now
        if len(self._releases) >= PLACES and peer.failures >= FREE_FAILURES and now - peer.last < FORGOTTEN_AFTER_S:
            return self._releases[0] - now
        return 0.0

    def _free_places(self, peer: _Peer, now: float) -> None:
        _free(peer.releases, now)
        _free(self._releases, now)

    def _forget(self, now: float) -> None:
        """The peers are in the order of their last failures."""
        while self._peers:
            oldest = next(iter(self._peers.values()))
            if now - oldest.last < FORGOTTEN_AFTER_S and len(self._peers) < MAX_PEERS:
                return
            self._peers.popitem(last=False)


def _delay_s(failures: int) -> float:
    beyond = failures - FREE_FAILURES - 1
    return 0.0 if beyond < 0 else min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(beyond, 16))


def _free(releases: list[float], now: float) -> None:
    while releases and releases[0] <= now:
        heappop(releases)
