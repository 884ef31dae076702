"""What happens to a federation, as the machine sees it. Every event is journaled, in order.

`at` is the wall time in seconds since the epoch, for records only: no decision depends on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mfn_server.federation.machine.records import Claim, Judgement, Model, SkipReason


@dataclass(frozen=True, slots=True)
class ModelUploaded:
    """The first model is durable."""

    model: Model
    at: float


@dataclass(frozen=True, slots=True)
class ParticipantEnrolled:
    """A name got a key."""

    participant: str
    at: float


@dataclass(frozen=True, slots=True)
class ParticipantRemoved:
    """A name lost its key."""

    participant: str
    at: float


@dataclass(frozen=True, slots=True)
class Connected:
    """A participant has proved itself and its session begins; a session it had before is superseded."""

    participant: str
    session: str
    can_evaluate: bool
    at: float


@dataclass(frozen=True, slots=True)
class Disconnected:
    """A session ended, however; of no effect when it is no longer the participant's.

    goodbye: whether the participant said that it goes; a connection that breaks says nothing.
    """

    participant: str
    session: str
    at: float
    goodbye: bool = False


@dataclass(frozen=True, slots=True)
class UpdateDurable:
    """An update is on disk, whole and with the digest claimed, under `admit`'s Expected."""

    participant: str
    round: int
    model: Model
    payload_sha256: bytes
    total_bytes: int
    num_examples: int
    at: float
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def claim(self) -> Claim:
        """The part of it that decides."""
        return Claim(self.round, self.model, self.payload_sha256)


@dataclass(frozen=True, slots=True)
class UpdateLate:
    """An update was announced, or was on its way, when it could count no longer; its bytes are not kept."""

    participant: str
    round: int
    model: Model
    payload_sha256: bytes
    num_examples: int
    at: float
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def claim(self) -> Claim:
        """The part of it that decides."""
        return Claim(self.round, self.model, self.payload_sha256)


@dataclass(frozen=True, slots=True)
class Declined:
    """A participant gives its task of a round back, be it an update or an evaluation."""

    participant: str
    round: int
    why: str
    at: float


@dataclass(frozen=True, slots=True)
class RoundDeadline:
    """The timer ROUND of a round ran out."""

    round: int
    at: float


@dataclass(frozen=True, slots=True)
class StallDeadline:
    """The timer STALL of a round ran out."""

    round: int
    at: float


@dataclass(frozen=True, slots=True)
class EvaluationDeadline:
    """The timer EVALUATION of a round ran out."""

    round: int
    at: float


@dataclass(frozen=True, slots=True)
class Aggregated:
    """The answer to Aggregate: the new model, durable, or why there is none.

    A new model has the version after the round's base model and a judgement for every contribution; otherwise the
    event makes no sense and changes nothing. f is None when the rule did not come to it.
    """

    round: int
    outcome: Model | SkipReason
    judgements: tuple[Judgement, ...]
    f: int | None
    seconds: float
    at: float


@dataclass(frozen=True, slots=True)
class Reported:
    """A participant measured the round's model."""

    participant: str
    round: int
    model: Model
    num_examples: int
    metrics: Mapping[str, float]
    at: float


@dataclass(frozen=True, slots=True)
class Paused:
    """An operator wants no further round to start."""

    at: float


@dataclass(frozen=True, slots=True)
class Resumed:
    """An operator ends the pause."""

    at: float


@dataclass(frozen=True, slots=True)
class Deleted:
    """An operator deletes the federation."""

    at: float


@dataclass(frozen=True, slots=True)
class Restarted:
    """The process that owns the federation started: all sessions are gone, what was under way begins anew."""

    at: float


Event = (
    ModelUploaded
    | ParticipantEnrolled
    | ParticipantRemoved
    | Connected
    | Disconnected
    | UpdateDurable
    | UpdateLate
    | Declined
    | RoundDeadline
    | StallDeadline
    | EvaluationDeadline
    | Aggregated
    | Reported
    | Paused
    | Resumed
    | Deleted
    | Restarted
)
