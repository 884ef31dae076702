"""What the outside is to do after an event is journaled, as data.

Records (RecordRound, RecordVerdicts, Happened) belong into the journal's transaction; everything else is done after
it. What a crash keeps from being done, `Restarted`, the next `Connected` or nobody needs again.
"""

from dataclasses import dataclass
from enum import StrEnum, unique

from mfn_server.federation.machine.events import EvaluationDeadline, RoundDeadline, StallDeadline
from mfn_server.federation.machine.records import (
    Ack,
    FederationState,
    FinishReason,
    Model,
    ParticipantChange,
    Report,
    RoundRecord,
    RoundState,
    Verdict,
)
from mfn_server.federation.machine.state import Contribution, Participant


@dataclass(frozen=True, slots=True)
class Assign:
    """Send RoundStart to these participants; `timed` when the round has a deadline."""

    participants: tuple[str, ...]
    round: int
    model: Model
    selected: bool
    timed: bool


@unique
class TimerKind(StrEnum):
    """What a timer is for: the end of collecting, of reports, or of waiting for work in a buffered round."""

    ROUND = "ROUND"
    EVALUATION = "EVALUATION"
    STALL = "STALL"


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Submit `due` after so many seconds of a clock that does not jump; replaces a timer of the same kind."""

    kind: TimerKind
    round: int
    seconds: float

    def due(self, at: float) -> RoundDeadline | EvaluationDeadline | StallDeadline:
        """The event to submit when the time is over."""
        return _DUE[self.kind](self.round, at)


_DUE: dict[TimerKind, type[RoundDeadline] | type[EvaluationDeadline] | type[StallDeadline]] = {
    TimerKind.ROUND: RoundDeadline,
    TimerKind.EVALUATION: EvaluationDeadline,
    TimerKind.STALL: StallDeadline,
}


@dataclass(frozen=True, slots=True)
class Weighted:
    """A contribution, the versions it lags behind the round's model, and its weight (1 + s)^-exponent; else 1."""

    contribution: Contribution
    staleness: int
    weight: float


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Make one model of the base model and the contributions, sorted by participant; answered by Aggregated."""

    round: int
    base: Model
    contributions: tuple[Weighted, ...]


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Send an UpdateAck to a participant, if it is connected."""

    participant: str
    ack: Ack


@dataclass(frozen=True, slots=True)
class Conclude:
    """Send RoundResult to all who are connected, each with its verdict if it has one; once a round."""

    round: int
    state: RoundState
    model: Model
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class AskEvaluation:
    """Send Evaluate to these participants."""

    participants: tuple[str, ...]
    round: int
    model: Model


@dataclass(frozen=True, slots=True)
class Finish:
    """Send Finished to these participants and end their sessions with OK; model and best_model None when DELETED."""

    participants: tuple[str, ...]
    reason: FinishReason
    model: Model | None
    best_model: Model | None


@unique
class EndReason(StrEnum):
    """Why a session ends before its federation; the names are those of the catalogue of errors."""

    SESSION_SUPERSEDED = "SESSION_SUPERSEDED"
    NOT_ENROLLED = "NOT_ENROLLED"


@dataclass(frozen=True, slots=True)
class EndSession:
    """End a session with an error of the catalogue."""

    participant: str
    session: str
    reason: EndReason


@dataclass(frozen=True, slots=True)
class PayloadKey:
    """Names the stored payload of an update."""

    participant: str
    round: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Discard:
    """These payloads are needed no more."""

    payloads: tuple[PayloadKey, ...]


@dataclass(frozen=True, slots=True)
class RecordRound:
    """Keep the record of a round in place of the one before."""

    record: RoundRecord


@dataclass(frozen=True, slots=True)
class RecordVerdicts:
    """Keep verdicts, each in place of one on the same round and participant.

    A verdict is given once, when its round is judged. Only that of an update which came later still is given anew:
    DEFERRED or LATE in place of MISSING, and LATE in place of DEFERRED when it counts nowhere after all. In buffered
    rounds the MISSING of a participant that was removed may give way to the verdict on another of its name.
    """

    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class FederationChanged:
    """The federation started, was paused or resumed, or is over."""

    state: FederationState
    finish_reason: FinishReason | None


@dataclass(frozen=True, slots=True)
class ParticipantChanged:
    """Something happened to a participant; `participant` is it as it then stood."""

    name: str
    change: ParticipantChange
    participant: Participant


@dataclass(frozen=True, slots=True)
class RoundStarted:
    """A round started."""

    record: RoundRecord


@dataclass(frozen=True, slots=True)
class UpdateReceived:
    """An update became durable."""

    participant: str
    ack: Ack
    total_bytes: int


@dataclass(frozen=True, slots=True)
class VerdictGiven:
    """A participant's part in a round was judged."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ModelPublished:
    """A model was published."""

    model: Model


@dataclass(frozen=True, slots=True)
class EvaluationReceived:
    """A report came in."""

    participant: str
    report: Report


@dataclass(frozen=True, slots=True)
class RoundEnded:
    """A round is over."""

    record: RoundRecord


Happening = (
    FederationChanged
    | ParticipantChanged
    | RoundStarted
    | UpdateReceived
    | VerdictGiven
    | ModelPublished
    | EvaluationReceived
    | RoundEnded
)


@dataclass(frozen=True, slots=True)
class Happened:
    """Tell those who watch; all but CONNECTED and DISCONNECTED are kept."""

    what: Happening
    at: float


Action = (
    Assign
    | StartTimer
    | Aggregate
    | Acknowledge
    | Conclude
    | AskEvaluation
    | Finish
    | EndSession
    | Discard
    | RecordRound
    | RecordVerdicts
    | Happened
)
