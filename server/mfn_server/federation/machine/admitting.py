"""What is to become of an update, asked before its bytes come and again when they are durable."""

from dataclasses import dataclass

from mfn_server.federation.machine.policy import LatePolicy
from mfn_server.federation.machine.records import (
    Ack,
    Claim,
    FederationState,
    FinishReason,
    Model,
    RoundState,
    UpdateAckStatus,
)
from mfn_server.federation.machine.state import Participant, State, Task


@dataclass(frozen=True, slots=True)
class Expected:
    """Send the bytes; it would count in this round, deferred when that is not the claim's."""

    counts_in_round: int


@dataclass(frozen=True, slots=True)
class Settled:
    """The bytes are not needed: this is the answer, which nobody has to remember."""

    ack: Ack


@dataclass(frozen=True, slots=True)
class Refused:
    """The claim cannot be: a reason of the catalogue of errors, in words, with its metadata."""

    reason: str
    text: str
    metadata: tuple[tuple[str, str], ...] = ()


Admission = Expected | Settled | Refused


def admit(state: State, participant: str, claim: Claim) -> Admission:
    """What the server answers to the announcement of an update."""
    enrolled = state.participants.get(participant)
    if enrolled is None:
        return not_enrolled(participant)
    if state.finish_reason is FinishReason.DELETED:
        return Refused("FEDERATION_NOT_RUNNING", "the federation is deleted")
    if (before := next((ack for ack in enrolled.acknowledged if ack.round == claim.round), None)) is not None:
        return Settled(Ack(claim.round, before.payload_sha256, UpdateAckStatus.DUPLICATE))
    if (fault := round_fault(state, claim.round)) is not None:
        return fault
    return _by_task(state, participant, enrolled, claim)


def is_news(state: State, participant: str, claim: Claim) -> bool:
    """Whether the record has yet to say that this update came too late.

    It says so once for each task, and only where nothing else of the participant counted in the round.
    """
    enrolled = state.participants.get(participant)
    task = task_of(enrolled, claim.round) if enrolled else None
    if enrolled is None or task is None or task.late or task.model != claim.model:
        return False
    part_in_it = any((ack.counts_in_round or ack.round) == claim.round for ack in enrolled.acknowledged)
    buffered = state.policy.async_buffer is not None
    return admit(state, participant, claim) == _late(claim) and (buffered or not part_in_it)


def not_enrolled(participant: str) -> Refused:
    """The refusal of a name without a key."""
    return Refused("NOT_ENROLLED", f"no participant {participant!r} is enrolled")


def round_fault(state: State, number: int) -> Refused | None:
    """What is wrong with a claim, a report or a task given back because of its round, if anything."""
    if 1 <= number <= state.round:
        return None
    if number > state.round and state.status in {FederationState.PAUSED, FederationState.FINISHED}:
        return Refused(
            "FEDERATION_NOT_RUNNING", f"the federation is {state.status.lower()}, round {number} is not open"
        )
    text = f"round {number} has not started: the last is {state.round}" if number > 0 else f"there is no round {number}"
    return Refused("ROUND_MISMATCH", text, (("round", str(state.round)),))


def report_fault(state: State, number: int, model: Model) -> Refused | None:
    """What is wrong with an evaluation report; a late one is no fault, it is dropped."""
    if (fault := round_fault(state, number)) is not None:
        return fault
    published = state.open.published if state.open and state.open.number == number else None
    return _other_model(number, published, model) if published is not None and published != model else None


def _by_task(state: State, name: str, enrolled: Participant, claim: Claim) -> Admission:
    task = task_of(enrolled, claim.round)
    opened = state.open if state.open and state.open.number == claim.round else None
    if task is None:
        # A task that became stale is forgotten, in a round that may still be open.
        over = opened is None or (opened.state is not RoundState.COLLECTING and name in opened.selected)
        return _late(claim) if over else Refused("NOT_SELECTED", f"not selected for round {claim.round}")
    if task.model != claim.model:
        return _other_model(claim.round, task.model, claim.model)
    if opened is not None and opened.state is RoundState.COLLECTING:
        return Expected(claim.round)
    return _after_its_round(state, enrolled, claim)


def task_of(enrolled: Participant, number: int) -> Task | None:
    """The participant's task of a round, whether it was declined or not; None when none is remembered."""
    return next((task for task in enrolled.tasks if task.round == number), None)


def _other_model(number: int, wanted: Model, given: Model) -> Refused:
    versions = f"version {wanted.version}, not {given.version}"
    text = versions if wanted.version != given.version else f"another model of version {wanted.version}"
    return Refused("MODEL_VERSION_MISMATCH", f"round {number} is about {text}")


def _after_its_round(state: State, enrolled: Participant, claim: Claim) -> Admission:
    later = round_that_takes(state)
    # One update for each round: what was deferred to the claim's own round was this participant's part in it.
    if later is None or claim.round <= part_taken(enrolled):
        return _late(claim)
    match state.policy.late_updates:
        case LatePolicy.REJECT:
            return _late(claim)
        case LatePolicy.NEXT_ROUND:
            return Expected(later) if claim.round + 1 == later else _late(claim)
        case LatePolicy.BUFFERED_ASYNC:
            return _late(claim) if is_stale(state, claim.model) else Expected(later)


def round_that_takes(state: State) -> int | None:
    """The round in which a late update would count: the collecting one, else the next, None after the last."""
    if state.open is not None and state.open.state is RoundState.COLLECTING:
        return state.open.number
    over = state.status is FederationState.FINISHED or state.round >= state.policy.max_rounds
    return None if over else state.round + 1


def part_taken(enrolled: Participant) -> int:
    """The last round in which an update of this participant counts, 0 for none."""
    return max((ack.counts_in_round or ack.round for ack in enrolled.acknowledged), default=0)


def is_stale(state: State, trained_on: Model) -> bool:
    """Whether an update trained on this model lags too many versions behind the current one."""
    buffer = state.policy.async_buffer
    if buffer is None or state.model is None:
        return False
    return state.model.version - trained_on.version > buffer.max_staleness_versions


def _late(claim: Claim) -> Settled:
    return Settled(Ack(claim.round, claim.payload_sha256, UpdateAckStatus.LATE))
