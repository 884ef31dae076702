"""A round begins: with the model there, the federation running and enough participants connected."""

from dataclasses import replace

from mfn_server.federation.machine.actions import (
    Assign,
    Happened,
    RecordRound,
    RoundStarted,
    StartTimer,
    TimerKind,
)
from mfn_server.federation.machine.buffering import is_buffered
from mfn_server.federation.machine.events import ModelUploaded
from mfn_server.federation.machine.finishing import changed
from mfn_server.federation.machine.recording import record_of
from mfn_server.federation.machine.records import FederationState, Model, RoundState
from mfn_server.federation.machine.selecting import Purpose, draw, selection_size, target_of
from mfn_server.federation.machine.state import OpenRound, Participant, State, Task
from mfn_server.federation.machine.stepping import Step


def model_uploaded(state: State, event: ModelUploaded) -> Step:
    """The first model is there: the federation runs."""
    if state.status is not FederationState.AWAITING_MODEL:
        return Step(state)
    running = replace(state, status=FederationState.RUNNING, model=event.model)
    return Step(running, (changed(running, event.at),))


def eligible(state: State) -> tuple[str, ...]:
    """Who can be asked in the next round: all connected, sorted, whose name is free in it.

    A name is taken when an update of a participant removed since, which had the same name, counts in that round.
    """
    waiting = ((name, state.pending.get(name)) for name in sorted(state.sessions))
    return tuple(n for n, update in waiting if update is None or update.enrolment == state.participants[n].enrolment)


def start_round(state: State, at: float) -> Step | None:
    """Starts the next round; None when it is not time."""
    if state.status is not FederationState.RUNNING or state.open is not None or state.model is None:
        return None
    if len(state.sessions) < state.policy.min_participants:
        return None
    opened = _opened(state, state.model, eligible(state), at)
    begun = replace(state, round=opened.number, open=opened, pending={})
    record = record_of(opened)
    begun_step = Step(begun, (RecordRound(record), Happened(RoundStarted(record), at)))
    return begun_step if is_buffered(state) else begun_step.then(_ask)


def _opened(state: State, base: Model, names: tuple[str, ...], at: float) -> OpenRound:
    number, policy = state.round + 1, state.policy
    size = 0 if is_buffered(state) else selection_size(policy, len(names))
    return OpenRound(
        number=number,
        state=RoundState.COLLECTING,
        base=base,
        selected=draw(names, size, policy.selection_seed, number, Purpose.TRAINING),
        target=target_of(policy, len(names)),
        started_at=at,
        contributions=state.pending,
    )


def _ask(state: State) -> Step:
    opened = state.open
    if opened is None:
        return Step(state)
    task = Task(opened.number, opened.base)
    asked = {name: _with_task(state.participants[name], task) for name in opened.selected}
    others = tuple(sorted(set(state.sessions) - set(opened.selected)))
    timer = StartTimer(TimerKind.ROUND, opened.number, state.policy.round_deadline_seconds)
    groups = ((opened.selected, True), (others, False))
    assigned = (Assign(names, opened.number, opened.base, chosen, timed=True) for names, chosen in groups if names)
    return Step(replace(state, participants={**state.participants, **asked}), (*assigned, timer))


def _with_task(participant: Participant, task: Task) -> Participant:
    return replace(participant, tasks=(*participant.tasks[-1:], task))
