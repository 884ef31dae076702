"""What the machine tells of rounds, updates and verdicts: plain values that mirror the messages of the contract.

Members of the enumerations have the names of the contract's without their prefix. Times are seconds since the epoch,
taken from events; nothing is decided by them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique


@unique
class FederationState(StrEnum):
    """Where a federation stands."""

    AWAITING_MODEL = "AWAITING_MODEL"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    FINISHED = "FINISHED"


@unique
class FinishReason(StrEnum):
    """Why a federation is over."""

    MAX_ROUNDS = "MAX_ROUNDS"
    EARLY_STOP = "EARLY_STOP"
    SKIPPED_ROUNDS = "SKIPPED_ROUNDS"
    DELETED = "DELETED"


@unique
class RoundState(StrEnum):
    """Where a round stands."""

    COLLECTING = "COLLECTING"
    AGGREGATING = "AGGREGATING"
    EVALUATING = "EVALUATING"
    DONE = "DONE"
    SKIPPED = "SKIPPED"


@unique
class SkipReason(StrEnum):
    """Why a round published no model."""

    QUORUM = "QUORUM"
    SCREENED_BEYOND_F = "SCREENED_BEYOND_F"
    PRECONDITION = "PRECONDITION"
    NOT_FINITE = "NOT_FINITE"
    FAILED = "FAILED"


@unique
class VerdictKind(StrEnum):
    """What became of a participant's update."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    SCREENED = "SCREENED"
    DEFERRED = "DEFERRED"
    LATE = "LATE"
    MISSING = "MISSING"


@unique
class VerdictReason(StrEnum):
    """Why an update was not accepted; UNSPECIFIED when it was."""

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


@unique
class UpdateAckStatus(StrEnum):
    """What an acknowledgement means."""

    COUNTED = "COUNTED"
    DEFERRED = "DEFERRED"
    LATE = "LATE"
    DUPLICATE = "DUPLICATE"


@unique
class ParticipantChange(StrEnum):
    """What happened to a participant."""

    ENROLLED = "ENROLLED"
    REMOVED = "REMOVED"
    CONNECTED = "CONNECTED"
    DISCONNECTED = "DISCONNECTED"


@dataclass(frozen=True, slots=True)
class Model:
    """One version of the federation's model, with the SHA-256 of its payload."""

    version: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What a participant says it sends: an update of a round, trained on a model, with the SHA-256 of its payload."""

    round: int
    model: Model
    payload_sha256: bytes


@dataclass(frozen=True, slots=True)
class Ack:
    """An acknowledgement; counts_in_round is set for DEFERRED only."""

    round: int
    payload_sha256: bytes
    status: UpdateAckStatus
    counts_in_round: int | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rule made of one contribution: kind is ACCEPTED, REJECTED or SCREENED."""

    participant: str
    kind: VerdictKind
    reason: VerdictReason = VerdictReason.UNSPECIFIED
    detail: str = ""
    norm: float | None = None
    score: float | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one participant in one round; payload_sha256 is empty when nothing was claimed."""

    participant: str
    round: int
    kind: VerdictKind
    reason: VerdictReason = VerdictReason.UNSPECIFIED
    detail: str = ""
    norm: float | None = None
    score: float | None = None
    weight: float | None = None
    num_examples: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    payload_sha256: bytes = b""
    received_at: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a participant measured of a round's model."""

    round: int
    model: Model
    num_examples: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RoundRecord:
    """One round as it stands, with the fields of the message Round."""

    round: int
    state: RoundState
    base_model: Model
    started_at: float
    selected: int
    counted: int = 0
    screened: int = 0
    rejected: int = 0
    skip_reason: SkipReason | None = None
    model: Model | None = None
    f: int | None = None
    ended_at: float | None = None
    aggregate_seconds: float = 0.0
    score: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    reports: int = 0
