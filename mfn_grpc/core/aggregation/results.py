"""What became of every client in one aggregation."""

from dataclasses import dataclass
from enum import StrEnum


class VerdictKind(StrEnum):
    """What became of a client's update. An aggregation gives the first three, a round also the others."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    SCREENED = "SCREENED"
    DEFERRED = "DEFERRED"
    LATE = "LATE"
    MISSING = "MISSING"


class VerdictReason(StrEnum):
    """Why an update was not accepted; UNSPECIFIED when it was.

    An aggregation gives NOT_FINITE, MANIFEST, NORM, WEIGHT and OUTLIER, a round also the others.
    """

    UNSPECIFIED = "UNSPECIFIED"
    NOT_FINITE = "NOT_FINITE"
    MANIFEST = "MANIFEST"
    DIGEST = "DIGEST"
    NORM = "NORM"
    WEIGHT = "WEIGHT"
    OUTLIER = "OUTLIER"
    DEADLINE = "DEADLINE"
    STALE = "STALE"
    DECLINED = "DECLINED"
    SILENT = "SILENT"
    DISCONNECTED = "DISCONNECTED"
    ROUND_SKIPPED = "ROUND_SKIPPED"
    SIGNATURE = "SIGNATURE"


@dataclass(frozen=True)
class ClientVerdict:
    """What became of one client's update.

    detail: why, in words, with the numbers behind it. norm: Euclidean, None when there was none to measure.
    score: distance from the others as the rule saw it, lower is closer: its own score where it has one (Krum: squared
    distances), the distance to the aggregate otherwise. weight: share of the aggregate, 0 to 1; for rules by coordinate
    the share of coordinates that it had part in, over n. Both None when no rule saw it.
    """

    client_id: str
    kind: VerdictKind
    reason: VerdictReason
    detail: str
    norm: float | None
    score: float | None
    weight: float | None


@dataclass(frozen=True)
class Aggregation:
    """The record of one aggregation: verdicts in the order of client ids, and how many of each kind.

    f: how many faulty updates the rule allowed for, after the screens.
    """

    verdicts: tuple[ClientVerdict, ...]
    f: int
    accepted: int
    rejected: int
    screened: int
