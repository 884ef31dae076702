"""Buffered asynchronous rounds (Nguyen 2022): everybody works at its own pace, the model moves when the buffer is full.

A participant has one task at a time: the round and the model it was asked with, which it keeps over later rounds until
its update is there or lags too far. There is no deadline. Where a round could wait for ever, because those at work are
gone or gave their tasks back, the timer STALL lets it go on after round_deadline_seconds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mfn_server.federation.machine.actions import Assign, StartTimer, TimerKind
from mfn_server.federation.machine.admitting import is_stale
from mfn_server.federation.machine.events import StallDeadline
from mfn_server.federation.machine.recording import given, with_credit
from mfn_server.federation.machine.records import RoundState, Verdict, VerdictKind, VerdictReason
from mfn_server.federation.machine.state import Contribution, OpenRound, Participant, State, Task
from mfn_server.federation.machine.stepping import Step, with_open, with_participant


def is_buffered(state: State) -> bool:
    """Whether the federation works without deadlines."""
    return state.policy.async_buffer is not None


def staleness_weight(state: State, opened: OpenRound, contribution: Contribution) -> tuple[int, float]:
    """Versions that an update lags behind its round's model, and (1 + s)^-exponent; 1 unless buffered."""
    lag = opened.base.version - contribution.model.version
    buffer = state.policy.async_buffer
    return lag, 1.0 if buffer is None else (1.0 + lag) ** -buffer.staleness_exponent


def return_to_task(state: State, name: str, at: float) -> Step:
    """A participant is back: it goes on with its task, or with another when that one is stale or was given back."""
    task, opened = current_task(state.participants[name]), state.open
    if opened is not None and name in opened.contributions and opened.state is RoundState.COLLECTING:
        return Step(state, (Assign((name,), opened.number, opened.base, selected=False, timed=False),))
    if task is None or is_stale(state, task.model):
        return task_lost(state, name, VerdictReason.STALE, at)
    if task.declined:
        return _asked_again(state, (name,)) if opened and task.round == opened.number else Step(state)
    return Step(state, (Assign((name,), task.round, task.model, selected=True, timed=False),))


def task_lost(state: State, name: str, reason: VerdictReason, at: float) -> Step:
    """The open task of a participant ends without an update that counts; nothing unless buffered."""
    participant = state.participants[name]
    task = current_task(participant)
    if task is None or not is_buffered(state):
        return Step(state)
    because = VerdictReason.DECLINED if task.declined else reason
    verdict = Verdict(participant=name, round=task.round, kind=VerdictKind.MISSING, reason=because)
    freed = with_participant(state, name, replace(participant, tasks=()))
    return Step(with_credit(freed, [(verdict, participant.enrolment)]), given([verdict], at))


def current_task(participant: Participant) -> Task | None:
    """The task that a participant of a buffered federation has, if any."""
    return participant.tasks[-1] if participant.tasks else None


def hand_out_tasks(state: State, at: float) -> Step | None:
    """Asks everybody who is connected and has nothing to do; None when there is nobody."""
    opened = state.open
    if opened is None or opened.state is not RoundState.COLLECTING or not is_buffered(state):
        return None
    names = tuple(sorted(_without_work(state, opened)))
    if not names:
        return None
    step = Step(state)
    for name in names:
        step = step.then(task_lost, name, VerdictReason.STALE, at)
    task = Task(opened.number, opened.base)
    busy = {name: replace(step.state.participants[name], tasks=(task,)) for name in names}
    asked = replace(step.state, participants={**step.state.participants, **busy})
    selected = tuple(sorted({*opened.selected, *names}))
    assign = Assign(names, opened.number, opened.base, selected=True, timed=False)
    return Step(with_open(asked, opened, selected=selected), step.actions).do(assign)


def _without_work(state: State, opened: OpenRound) -> Iterator[str]:
    for name in state.sessions:
        task = current_task(state.participants[name])
        declined_earlier = task is not None and task.declined and task.round != opened.number
        if name not in opened.contributions and (task is None or declined_earlier or is_stale(state, task.model)):
            yield name


def buffer_is_complete(state: State, opened: OpenRound) -> bool:
    """Whether the buffer is full, or holds a quorum and nobody is left who could add to it."""
    buffer = state.policy.async_buffer
    count = len(opened.contributions)
    if buffer is not None and count >= buffer.buffer_size:
        return True
    if count < state.policy.min_participants:
        return False
    return opened.overdue or not any(True for _ in _at_work(state, state.participants))


def _at_work(state: State, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        participant = state.participants[name]
        task = current_task(participant)
        if task is None or task.declined or participant.gone:
            continue
        if not is_stale(state, task.model):
            yield name


def watch_for_stall(state: State, at: float) -> Step | None:
    """Starts the timer STALL when a buffered round can only wait for those who are gone or gave their tasks back."""
    del at
    opened = state.open
    if opened is None or opened.state is not RoundState.COLLECTING or opened.stalling or not is_buffered(state):
        return None
    if any(True for _ in _at_work(state, state.sessions)) or not _could_go_on(state, opened):
        return None
    timer = StartTimer(TimerKind.STALL, opened.number, state.policy.round_deadline_seconds)
    return Step(with_open(state, opened, stalling=True), (timer,))


def _could_go_on(state: State, opened: OpenRound) -> bool:
    return len(opened.contributions) >= state.policy.min_participants or bool(_declined(state, opened))


def _declined(state: State, opened: OpenRound) -> tuple[str, ...]:
    tasks = {name: current_task(state.participants[name]) for name in state.sessions}
    return tuple(sorted(n for n, task in tasks.items() if task and task.declined and task.round == opened.number))


def stalled(state: State, event: StallDeadline) -> Step:
    """The wait is over: the round goes on with a quorum, or those who gave their tasks back are asked again."""
    opened = state.open
    if opened is None or opened.number != event.round or not opened.stalling:
        return Step(state)
    resting = with_open(state, opened, stalling=False)
    if opened.state is not RoundState.COLLECTING or any(True for _ in _at_work(state, state.sessions)):
        return Step(resting)
    if len(opened.contributions) >= state.policy.min_participants:
        return Step(with_open(state, opened, stalling=False, overdue=True))
    return _asked_again(resting, _declined(state, opened))


def _asked_again(state: State, names: tuple[str, ...]) -> Step:
    opened = state.open
    if opened is None or not names:
        return Step(state)
    task = Task(opened.number, opened.base)
    busy = {name: replace(state.participants[name], tasks=(task,)) for name in names}
    assign = Assign(names, opened.number, opened.base, selected=True, timed=False)
    return Step(replace(state, participants={**state.participants, **busy}), (assign,))
