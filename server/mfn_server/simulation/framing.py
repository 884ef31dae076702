"""The frames of a run in the order of their steps: which is due, and those that are made and not yet handed out."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mfn_grpc.core.features import Measured
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import Simulation
from mfn_server.simulation.frames import Seal, make_frame
from mfn_server.simulation.plans import Plan


@dataclass(frozen=True)
class RunFrame:
    """The state at a step, as the messages that carry it; whoever sends one takes it out, and frees its memory."""

    step: int
    messages: deque[bytes]


Seals = Callable[[int, int, Measured | None], Seal]
"""Makes the seal of a frame from its step, the messages that frames before it took, and the features of the run so far
where they were asked for."""


class Framing:
    """Makes the frames still to be sent, one after the other, and keeps those made until they are taken.

    due: the step of the next one, None behind the last.
    """

    def __init__(self, plan: Plan, seals: Seals) -> None:
        self._form, self._most, self._seals = plan.form, plan.frames_together, seals
        self._steps = plan.frame_steps()
        self.due = next(self._steps, None)
        self._messages = 0
        self._made = list[RunFrame]()

    @property
    def is_full(self) -> bool:
        """Whether no more are to be made before those that are made are taken."""
        return self.due is None or len(self._made) == self._most

    def making(self, simulation: Simulation, measured: Measured | None = None) -> Pieces[None]:
        """Make the frame of the state, which is the one that is due; one not completed has used no number."""
        seal = self._seals(simulation.step, self._messages, measured)
        messages = yield from make_frame(self._form, simulation.state, seal)
        self._messages += len(messages)
        self._made.append(RunFrame(simulation.step, deque(messages)))
        self.due = next(self._steps, None)

    def take(self) -> Sequence[RunFrame]:
        """Those made since the last time."""
        made, self._made = self._made, []
        return made
