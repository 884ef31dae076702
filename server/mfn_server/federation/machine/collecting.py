"""Updates come in, tasks are given back, deadlines pass."""

from dataclasses import replace

from mfn_server.federation.machine.actions import Acknowledge, Happened, UpdateReceived
from mfn_server.federation.machine.admitting import Expected, Refused, Settled, admit, is_news, is_stale
from mfn_server.federation.machine.buffering import is_buffered
from mfn_server.federation.machine.discarding import discard
from mfn_server.federation.machine.evaluating import not_awaited
from mfn_server.federation.machine.events import Declined, RoundDeadline, UpdateDurable, UpdateLate
from mfn_server.federation.machine.recording import forgo, given, with_credit, without_judgement
from mfn_server.federation.machine.records import Ack, RoundState, UpdateAckStatus, Verdict, VerdictKind, VerdictReason
from mfn_server.federation.machine.state import Contribution, OpenRound, Participant, State
from mfn_server.federation.machine.stepping import Step, with_open, with_participant

REMEMBERED_ACKS = 8
"""Acknowledgements kept of each participant. An update of an older round sent again is LATE, no longer a DUPLICATE."""


def update_durable(state: State, event: UpdateDurable) -> Step:
    """An update is on disk: it counts, or it is told why not, by the same rules as when it was announced."""
    match admit(state, event.participant, event.claim):
        case Expected(counts_in_round=number):
            return _take(state, event, number)
        case Refused():
            return discard(state, [event])
        case settled:
            return _answer(state, event, settled.ack, received_at=event.at).then(discard, [event])


def update_late(state: State, event: UpdateLate) -> Step:
    """An update came too late to be taken in."""
    match admit(state, event.participant, event.claim):
        case Settled(ack):
            return _answer(state, event, ack, received_at=None)
        case _:
            return Step(state)


def _take(state: State, event: UpdateDurable, number: int) -> Step:
    deferred = number != event.round
    status = UpdateAckStatus.DEFERRED if deferred else UpdateAckStatus.COUNTED
    ack = Ack(event.round, event.payload_sha256, status, number if deferred else None)
    participant = state.participants[event.participant]
    update = _contribution(event, participant)
    tasks = () if is_buffered(state) else participant.tasks
    remembered = (*participant.acknowledged, ack)[-REMEMBERED_ACKS:]
    heard = replace(participant, acknowledged=remembered, last_ack=ack, tasks=tasks, last_seen_at=event.at)
    step = _place(with_participant(state, event.participant, heard), update, number, event.at)
    late = step.then(_deferred, update, event.at) if deferred and not is_buffered(state) else step
    told = Happened(UpdateReceived(event.participant, ack, event.total_bytes), event.at)
    return late.do(Acknowledge(event.participant, ack), told)


def _contribution(event: UpdateDurable, participant: Participant) -> Contribution:
    return Contribution(
        participant=event.participant,
        enrolment=participant.enrolment,
        round=event.round,
        model=event.model,
        payload_sha256=event.payload_sha256,
        total_bytes=event.total_bytes,
        num_examples=event.num_examples,
        metrics=event.metrics,
        received_at=event.at,
    )


def _place(state: State, update: Contribution, number: int, at: float) -> Step:
    opened, name = state.open, update.participant
    if opened is None or opened.number != number:
        return Step(replace(state, pending={**state.pending, name: update}))
    displaced = [opened.contributions[name]] if name in opened.contributions else []
    placed = Step(with_open(state, opened, contributions={**opened.contributions, name: update}))
    detail = f"an update for round {number} came as well"
    return placed.then(forgo, displaced, VerdictReason.DEADLINE, detail, at).then(discard, displaced)


def _deferred(state: State, update: Contribution, at: float) -> Step:
    """The verdict of the round that it is late for becomes DEFERRED, whether that was given already or not."""
    verdict = without_judgement(update, update.round, VerdictKind.DEFERRED, VerdictReason.DEADLINE)
    if _is_judging(state.open, update.round):
        return Step(_with_verdict(state, verdict))
    participant = state.participants[update.participant]
    forgiven = replace(participant, rounds_missed=participant.rounds_missed - 1)
    return Step(with_participant(state, update.participant, forgiven), given([verdict], at))


def _answer(state: State, event: UpdateDurable | UpdateLate, ack: Ack, received_at: float | None) -> Step:
    news = is_news(state, event.participant, event.claim)
    participant = state.participants[event.participant]
    newer = participant.last_ack is None or participant.last_ack.round <= ack.round
    # A duplicate's answer repeats an older one, which stays the one to remember.
    last = ack if ack.status is UpdateAckStatus.LATE and newer else participant.last_ack
    heard = replace(participant, last_ack=last, last_seen_at=event.at)
    step = Step(with_participant(state, event.participant, heard))
    if news:
        step = step.then(_too_late, event, received_at)
    return step.do(Acknowledge(event.participant, ack))


def _too_late(state: State, event: UpdateDurable | UpdateLate, received_at: float | None) -> Step:
    """The verdict on an update that can no longer count: LATE in place of MISSING, whether that was given already."""
    name, participant = event.participant, state.participants[event.participant]
    stale = is_buffered(state) and is_stale(state, event.model)
    verdict = Verdict(
        participant=name,
        round=event.round,
        kind=VerdictKind.LATE,
        reason=VerdictReason.STALE if stale else VerdictReason.DEADLINE,
        num_examples=event.num_examples,
        metrics=event.metrics,
        payload_sha256=event.payload_sha256,
        received_at=received_at,
    )
    if is_buffered(state):
        free = with_participant(state, name, replace(participant, tasks=()))
        return Step(with_credit(free, [(verdict, participant.enrolment)]), given([verdict], event.at))
    tasks = tuple(replace(task, late=True) if task.round == event.round else task for task in participant.tasks)
    noted = with_participant(state, name, replace(participant, tasks=tasks))
    if _is_judging(state.open, event.round):
        return Step(_with_verdict(noted, verdict))
    return Step(noted, given([verdict], event.at))  # the counters are those of MISSING


def _is_judging(opened: OpenRound | None, number: int) -> bool:
    return opened is not None and opened.number == number and opened.state is RoundState.AGGREGATING


def _with_verdict(state: State, verdict: Verdict) -> State:
    """The state with another verdict on one who contributes nothing to the round that is being judged."""
    opened = state.open
    if opened is None or verdict.participant not in opened.verdicts:
        return state
    return with_open(state, opened, verdicts={**opened.verdicts, verdict.participant: verdict})


def declined(state: State, event: Declined) -> Step:
    """Whatever a round wants of a participant is given back: nobody waits for it any more.

    An update sent for it all the same still counts. Since Decline does not say which task it means, a buffered round
    may take back both an evaluation and an update; otherwise it could wait for ever for the one that was meant.
    """
    participant, opened = state.participants.get(event.participant), state.open
    if participant is None:
        return Step(state)
    tasks = tuple(replace(t, declined=True) if t.round == event.round else t for t in participant.tasks)
    given_back = replace(participant, tasks=tasks, last_seen_at=event.at)
    heard = with_participant(state, event.participant, given_back)
    if opened is None or opened.number != event.round:
        return Step(heard)
    return Step(replace(heard, open=not_awaited(opened, event.participant)))


def round_deadline(state: State, event: RoundDeadline) -> Step:
    """The round collects no longer; nothing in buffered rounds, which have no deadline."""
    opened = state.open
    if opened is None or opened.number != event.round or opened.state is not RoundState.COLLECTING:
        return Step(state)
    return Step(state if is_buffered(state) else with_open(state, opened, overdue=True))
