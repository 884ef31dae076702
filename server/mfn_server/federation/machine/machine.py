"""The round machine: `step` takes an event, then makes every transition that follows from it by itself."""

from collections.abc import Callable
from typing import Any

from mfn_server.federation.machine import (
    buffering,
    closing,
    collecting,
    concluding,
    evaluating,
    events,
    finishing,
    joining,
    running,
    starting,
)
from mfn_server.federation.machine.state import State
from mfn_server.federation.machine.stepping import Step

# What each event changes by itself.
_HANDLERS: dict[type[Any], Callable[[State, Any], Step]] = {
    events.ModelUploaded: starting.model_uploaded,
    events.ParticipantEnrolled: joining.enrolled,
    events.ParticipantRemoved: joining.removed,
    events.Connected: joining.connected,
    events.Disconnected: joining.disconnected,
    events.UpdateDurable: collecting.update_durable,
    events.UpdateLate: collecting.update_late,
    events.Declined: collecting.declined,
    events.RoundDeadline: collecting.round_deadline,
    events.StallDeadline: buffering.stalled,
    events.EvaluationDeadline: evaluating.evaluation_deadline,
    events.Aggregated: concluding.aggregated,
    events.Reported: evaluating.reported,
    events.Paused: running.paused,
    events.Resumed: running.resumed,
    events.Deleted: finishing.deleted,
    events.Restarted: running.restarted,
}

# What follows from a state, whichever event led to it; the first that applies is made, until none does.
_TRANSITIONS: tuple[Callable[[State, float], Step | None], ...] = (
    evaluating.end_if_evaluated,
    finishing.finish_if_due,
    starting.start_round,
    buffering.hand_out_tasks,
    closing.close_if_complete,
    buffering.watch_for_stall,
)


def step(state: State, event: events.Event) -> Step:
    """The state after an event, and what is to be done; an event that makes no sense in a state changes nothing."""
    taken = _HANDLERS[type(event)](state, event)
    while (following := _transition(taken.state, event.at)) is not None:
        taken = Step(following.state, taken.actions + following.actions)
    return taken


def _transition(state: State, at: float) -> Step | None:
    return next((taken for move in _TRANSITIONS if (taken := move(state, at)) is not None), None)
