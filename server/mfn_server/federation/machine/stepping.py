"""One step of the machine: a new state, and what is to be done about it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from mfn_server.federation.machine.actions import Action
from mfn_server.federation.machine.state import OpenRound, Participant, State


@dataclass(frozen=True, slots=True)
class Step:
    """A state and the actions that led to it, in order."""

    state: State
    actions: tuple[Action, ...] = ()

    def then(self, move: Callable[..., "Step"], *arguments: Any) -> "Step":
        """This step, followed by a move from its state."""
        following = move(self.state, *arguments)
        return Step(following.state, self.actions + following.actions)

    def do(self, *actions: Action) -> "Step":
        """This step with further actions."""
        return Step(self.state, self.actions + actions)


def with_participant(state: State, name: str, participant: Participant) -> State:
    """The state with one participant replaced."""
    return replace(state, participants={**state.participants, name: participant})


def with_open(state: State, opened: OpenRound, **changes: Any) -> State:
    """The state with its open round changed."""
    return replace(state, open=replace(opened, **changes))
