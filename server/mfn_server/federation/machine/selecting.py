"""Who takes part: seeded draws that depend on nothing but the seed, the round and the names to draw from."""

import hashlib
from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum, unique

from mfn_server.federation.machine.policy import RoundPolicy


@unique
class Purpose(StrEnum):
    """What is drawn: each purpose draws independently."""

    TRAINING = "training"
    EVALUATION = "evaluation"


def draw(names: Iterable[str], count: int, seed: int, number: int, purpose: Purpose) -> tuple[str, ...]:
    """`count` of the names, or all, sorted; every subset of that size is equally likely over rounds and seeds.

    Names are ranked by a hash, so that a draw is the same on every platform and a name that comes or goes changes it
    as little as possible.
    """
    ranked = sorted(names, key=lambda name: (_rank(name, seed, number, purpose), name))
    return tuple(sorted(ranked[:count]))


def _rank(name: str, seed: int, number: int, purpose: Purpose) -> bytes:
    return hashlib.sha256(f"{purpose}\0{seed}\0{number}\0{name}".encode()).digest()


def target_of(policy: RoundPolicy, connected: int) -> int:
    """Updates that a round waits for, with so many connected."""
    wanted = policy.target_participants
    return connected if wanted is None else min(wanted, connected)


def selection_size(policy: RoundPolicy, connected: int) -> int:
    """Participants selected, with so many connected: the target and its over-selection, in exact decimals."""
    target = target_of(policy, connected)
    beyond = (Decimal(repr(policy.over_selection)) * target).to_integral_value(ROUND_CEILING)
    return min(connected, target + int(beyond))
