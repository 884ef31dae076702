"""Between rounds: whether the federation is over, and how it ends."""

from dataclasses import replace

from mfn_server.federation.machine.actions import FederationChanged, Finish, Happened
from mfn_server.federation.machine.buffering import is_buffered, task_lost
from mfn_server.federation.machine.discarding import discard
from mfn_server.federation.machine.events import Deleted
from mfn_server.federation.machine.recording import forgo
from mfn_server.federation.machine.records import FederationState, FinishReason, VerdictReason
from mfn_server.federation.machine.state import State
from mfn_server.federation.machine.stepping import Step


def changed(state: State, at: float) -> Happened:
    """Tells where the federation stands now."""
    return Happened(FederationChanged(state.status, state.finish_reason), at)


def finish_if_due(state: State, at: float) -> Step | None:
    """Ends the federation when its policy says so; None when it goes on."""
    active = state.status in {FederationState.RUNNING, FederationState.PAUSED}
    reason = _reason(state) if active and state.open is None else None
    if reason is None:
        return None
    waiting = tuple(state.pending[name] for name in sorted(state.pending))
    idle = Step(replace(state, pending={}))
    parting = idle.then(forgo, waiting, VerdictReason.ROUND_SKIPPED, "the federation was over before its round", at)
    return parting.then(_end_tasks, at).then(_end, reason, at).then(discard, waiting)


def _reason(state: State) -> FinishReason | None:
    policy = state.policy
    early, skips = policy.early_stop, policy.max_skipped_rounds
    if early is not None and state.evaluations_without_improvement >= early.patience_evaluations:
        return FinishReason.EARLY_STOP
    if skips is not None and state.skipped_in_row >= skips:
        return FinishReason.SKIPPED_ROUNDS
    return FinishReason.MAX_ROUNDS if state.round >= policy.max_rounds else None


def _end_tasks(state: State, at: float) -> Step:
    step = Step(state)
    for name in sorted(state.participants) if is_buffered(state) else ():
        reason = VerdictReason.SILENT if name in state.sessions else VerdictReason.DISCONNECTED
        step = step.then(task_lost, name, reason, at)
    return step


def _end(state: State, reason: FinishReason, at: float) -> Step:
    released = {name: replace(participant, tasks=()) for name, participant in state.participants.items()}
    over = replace(
        state, status=FederationState.FINISHED, finish_reason=reason, finished_at=at, participants=released, open=None
    )
    return Step(over, (changed(over, at), *_farewells(over)))


def _farewells(state: State) -> tuple[Finish, ...]:
    return (farewell(state, *state.sessions),) if state.sessions else ()


def farewell(state: State, *names: str) -> Finish:
    """Says to participants that the federation is over; with no model when it is deleted."""
    reason = state.finish_reason or FinishReason.DELETED
    deleted = reason is FinishReason.DELETED
    best = None if deleted or state.best is None else state.best.model
    return Finish(tuple(sorted(names)), reason, None if deleted else state.model, best)


def deleted(state: State, event: Deleted) -> Step:
    """The federation ends at once, with whatever was under way."""
    if state.finish_reason is FinishReason.DELETED:
        return Step(state)
    return _end(replace(state, pending={}), FinishReason.DELETED, event.at)
