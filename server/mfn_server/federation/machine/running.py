"""Operators and the process itself: pause, resume, restart."""

from dataclasses import replace

from mfn_server.federation.machine.actions import StartTimer, TimerKind
from mfn_server.federation.machine.buffering import is_buffered
from mfn_server.federation.machine.closing import aggregation
from mfn_server.federation.machine.evaluating import wait_again
from mfn_server.federation.machine.events import Paused, Restarted, Resumed
from mfn_server.federation.machine.finishing import changed
from mfn_server.federation.machine.records import FederationState, RoundState
from mfn_server.federation.machine.state import OpenRound, State
from mfn_server.federation.machine.stepping import Step


def paused(state: State, event: Paused) -> Step:
    """The open round ends, none starts."""
    return _turned(state, FederationState.RUNNING, FederationState.PAUSED, event.at)


def resumed(state: State, event: Resumed) -> Step:
    """Rounds start again."""
    return _turned(state, FederationState.PAUSED, FederationState.RUNNING, event.at)


def _turned(state: State, before: FederationState, after: FederationState, at: float) -> Step:
    if state.status is not before:
        return Step(state)
    turned = replace(state, status=after)
    return Step(turned, (changed(turned, at),))


def restarted(state: State, event: Restarted) -> Step:
    """Nobody is connected; timers start in full again, the rule is asked again."""
    del event
    alone = replace(state, sessions={})
    if alone.open is None:
        return Step(alone)
    opened = replace(alone.open, stalling=False)
    return _under_way_again(replace(alone, open=opened), opened)


def _under_way_again(state: State, opened: OpenRound) -> Step:
    match opened.state:
        case RoundState.AGGREGATING:
            return Step(state, (aggregation(state, opened),))
        case RoundState.EVALUATING:
            return wait_again(state, opened)
        case _ if is_buffered(state):
            return Step(state)
        case _:
            return Step(state, (StartTimer(TimerKind.ROUND, opened.number, state.policy.round_deadline_seconds),))
