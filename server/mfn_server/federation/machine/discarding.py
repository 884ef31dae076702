"""Payloads that nobody needs any more."""

from collections.abc import Iterable

from mfn_server.federation.machine.actions import Discard, PayloadKey
from mfn_server.federation.machine.events import UpdateDurable
from mfn_server.federation.machine.state import Contribution, State, contributions_of
from mfn_server.federation.machine.stepping import Step


def payload_of(update: Contribution | UpdateDurable) -> PayloadKey:
    """The key under which an update's payload is stored."""
    return PayloadKey(update.participant, update.round, update.payload_sha256)


def payloads_in_use(state: State) -> frozenset[PayloadKey]:
    """The payloads that are still to be aggregated; every other one found on disk is left over from a crash."""
    return frozenset(map(payload_of, contributions_of(state)))


def discard(state: State, updates: Iterable[Contribution | UpdateDurable]) -> Step:
    """Discards the payloads of updates, but none that a waiting update shares."""
    spare = sorted({payload_of(update) for update in updates} - payloads_in_use(state), key=_order)
    return Step(state, (Discard(tuple(spare)),) if spare else ())


def _order(key: PayloadKey) -> tuple[str, int, bytes]:
    return key.participant, key.round, key.sha256
