"""Participants come and go: enrolment, removal, sessions."""

from dataclasses import replace

from mfn_server.federation.machine.actions import (
    AskEvaluation,
    Assign,
    EndReason,
    EndSession,
    Happened,
    ParticipantChanged,
)
from mfn_server.federation.machine.buffering import is_buffered, return_to_task, task_lost
from mfn_server.federation.machine.closing import is_settled
from mfn_server.federation.machine.evaluating import not_awaited
from mfn_server.federation.machine.events import Connected, Disconnected, ParticipantEnrolled, ParticipantRemoved
from mfn_server.federation.machine.finishing import farewell
from mfn_server.federation.machine.records import FederationState, ParticipantChange, RoundState, VerdictReason
from mfn_server.federation.machine.state import Participant, Session, State
from mfn_server.federation.machine.stepping import Step, with_participant


def enrolled(state: State, event: ParticipantEnrolled) -> Step:
    """A name joins the federation, at any time before it is over."""
    if event.participant in state.participants or state.status is FederationState.FINISHED:
        return Step(state)
    number = state.enrolments + 1
    participant = Participant(enrolment=number, enrolled_at=event.at)
    joined = with_participant(replace(state, enrolments=number), event.participant, participant)
    return Step(joined, (_changed(joined, event.participant, ParticipantChange.ENROLLED, event.at),))


def removed(state: State, event: ParticipantRemoved) -> Step:
    """A name leaves; its acknowledged updates stay, nobody waits for it any more."""
    name = event.participant
    if name not in state.participants:
        return Step(state)
    told = _changed(state, name, ParticipantChange.REMOVED, event.at)
    session = state.sessions.get(name)
    ended = (EndSession(name, session.session, EndReason.NOT_ENROLLED),) if session else ()
    step = Step(state).then(task_lost, name, VerdictReason.DISCONNECTED, event.at)
    return Step(_without(step.state, name), step.actions).do(*ended, told)


def _without(state: State, name: str) -> State:
    participants = {key: value for key, value in state.participants.items() if key != name}
    sessions = {key: value for key, value in state.sessions.items() if key != name}
    left = replace(state, participants=participants, sessions=sessions)
    return left if left.open is None else replace(left, open=not_awaited(left.open, name))


def connected(state: State, event: Connected) -> Step:
    """A session begins: the newest counts, and its participant gets its open task again."""
    name, before = event.participant, state.sessions.get(event.participant)
    if name not in state.participants:
        return Step(state, (EndSession(name, event.session, EndReason.NOT_ENROLLED),))
    if before is not None and before.session == event.session:
        return Step(state)
    superseded = (EndSession(name, before.session, EndReason.SESSION_SUPERSEDED),) if before else ()
    sessions = {**state.sessions, name: Session(event.session, event.can_evaluate)}
    there = _seen(replace(state, sessions=sessions), name, event.at, gone=False)
    told = _changed(there, name, ParticipantChange.CONNECTED, event.at)
    return Step(there, (*superseded, told)).then(_welcome, name, event.at)


def disconnected(state: State, event: Disconnected) -> Step:
    """A session ends; what it was asked for stays asked, though nobody waits for one who said goodbye."""
    name, session = event.participant, state.sessions.get(event.participant)
    if session is None or session.session != event.session:
        return Step(state)
    sessions = {key: value for key, value in state.sessions.items() if key != name}
    gone = _seen(replace(state, sessions=sessions), name, event.at, gone=event.goodbye)
    return Step(gone, (_changed(gone, name, ParticipantChange.DISCONNECTED, event.at),))


def _seen(state: State, name: str, at: float, *, gone: bool) -> State:
    return with_participant(state, name, replace(state.participants[name], last_seen_at=at, gone=gone))


def _changed(state: State, name: str, change: ParticipantChange, at: float) -> Happened:
    return Happened(ParticipantChanged(name, change, state.participants[name]), at)


def _welcome(state: State, name: str, at: float) -> Step:
    if state.status is FederationState.FINISHED:
        return Step(state, (replace(farewell(state), participants=(name,)),))
    task = return_to_task(state, name, at) if is_buffered(state) else Step(state, _round_again(state, name))
    return task.do(*_evaluation_again(state, name))


def _round_again(state: State, name: str) -> tuple[Assign, ...]:
    opened = state.open
    if opened is None or opened.state is not RoundState.COLLECTING:
        return ()
    asked = not is_settled(state, opened, name)  # back again, it may still send
    return (Assign((name,), opened.number, opened.base, selected=asked, timed=True),)


def _evaluation_again(state: State, name: str) -> tuple[AskEvaluation, ...]:
    opened = state.open
    if opened is None or opened.published is None or name not in opened.awaited:
        return ()
    return (AskEvaluation((name,), opened.number, opened.published),)
