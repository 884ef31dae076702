"""Everything that a federation remembers. Values only: no part of a state is ever changed in place."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mfn_grpc.core.limits import refuse
from mfn_server.federation.machine.policy import RoundPolicy, policy_violations
from mfn_server.federation.machine.records import (
    Ack,
    FederationState,
    FinishReason,
    Model,
    Report,
    RoundState,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Task:
    """An update asked of a participant: the round and the model it is to be trained on.

    late: whether the record says already that an update for it came too late.
    """

    round: int
    model: Model
    declined: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class Participant:
    """One enrolled participant.

    enrolment tells participants apart that had the same name one after the other. tasks are its last two, newest last
    (buffered asynchronous rounds: one at most). acknowledged: the last COUNTED and DEFERRED acknowledgements, newest
    last; last_ack: the last of any status but DUPLICATE. gone: whether it said goodbye and has not
    come back. Counters are those of the message Participant.
    """

    enrolment: int
    enrolled_at: float
    tasks: tuple[Task, ...] = ()
    acknowledged: tuple[Ack, ...] = ()
    last_ack: Ack | None = None
    last_seen_at: float | None = None
    gone: bool = False
    rounds_accepted: int = 0
    rounds_rejected: int = 0
    rounds_missed: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """The open session of a participant."""

    session: str
    can_evaluate: bool


@dataclass(frozen=True, slots=True)
class Contribution:
    """An update that was acknowledged as COUNTED or DEFERRED and whose round is not over; round is the claim's."""

    participant: str
    enrolment: int
    round: int
    model: Model
    payload_sha256: bytes
    total_bytes: int
    num_examples: int
    metrics: Mapping[str, float]
    received_at: float


@dataclass(frozen=True, slots=True)
class OpenRound:
    """The round under way.

    selected: names, sorted (buffered asynchronous rounds: those asked so far). contributions: by participant; those
    of earlier rounds were deferred to this one. verdicts: while AGGREGATING, of those that contribute nothing; they
    are given with the others when the rule has spoken. awaited: who still owes a report. stalling: whether the timer
    STALL runs. overdue: whether the deadline of its phase has passed.
    """

    number: int
    state: RoundState
    base: Model
    selected: tuple[str, ...]
    target: int
    started_at: float
    contributions: Mapping[str, Contribution] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    overdue: bool = False
    stalling: bool = False
    counted: int = 0
    screened: int = 0
    rejected: int = 0
    f: int | None = None
    aggregate_seconds: float = 0.0
    published: Model | None = None
    awaited: tuple[str, ...] = ()
    reports: Mapping[str, Report] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Best:
    """The model with the best score so far."""

    model: Model
    score: float


@dataclass(frozen=True, slots=True)
class State:
    """A federation. Its size follows the number of participants, never the number of rounds.

    round: the open or last round, 0 before the first. pending: updates that count in the round after that one, by
    participant. reference_score: the score that the next evaluation must improve on. skipped_in_row and
    evaluations_without_improvement count towards an early end.
    """

    policy: RoundPolicy
    status: FederationState = FederationState.AWAITING_MODEL
    finish_reason: FinishReason | None = None
    finished_at: float | None = None
    model: Model | None = None
    best: Best | None = None
    participants: Mapping[str, Participant] = field(default_factory=dict)
    sessions: Mapping[str, Session] = field(default_factory=dict)
    enrolments: int = 0
    round: int = 0
    open: OpenRound | None = None
    pending: Mapping[str, Contribution] = field(default_factory=dict)
    skipped_in_row: int = 0
    reference_score: float | None = None
    evaluations_without_improvement: int = 0

    @staticmethod
    def initial(policy: RoundPolicy) -> "State":
        """A federation just created; InvalidInput when its policy is at fault."""
        refuse(policy_violations(policy))
        return State(policy)


def contributions_of(state: State) -> tuple[Contribution, ...]:
    """Every acknowledged update that still waits for its verdict; no other payload is needed any more."""
    opened = state.open.contributions.values() if state.open else ()
    return (*opened, *state.pending.values())


def models_in_use(state: State) -> frozenset[Model]:
    """The models that open tasks and waiting updates refer to, the current and the best one: keep their payloads."""
    tasks = (task.model for participant in state.participants.values() for task in participant.tasks)
    waiting = (update.model for update in contributions_of(state))
    current = (model for model in (state.model, state.best and state.best.model) if model)
    return frozenset((*tasks, *waiting, *current))
