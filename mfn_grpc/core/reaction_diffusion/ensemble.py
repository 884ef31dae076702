"""Many small simulations of one spec that differ in their seeds: each makes all its steps before the next begins.

So the two states of a member stay in a core's cache, and a thread asks for the next member once in many steps.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.reaction_diffusion.simulation import Checkpoint, Run, Simulation
from mfn_grpc.core.reaction_diffusion.spec import SimulationSpec


@dataclass(frozen=True, eq=False)
class Members:
    """The members of an ensemble after `step` steps.

    states: [members, species, rows, cols]. growth_events: how many each has seen so far, int64 [members].
    """

    step: int
    states: Array
    growth_events: Array


@dataclass(frozen=True)
class Ensemble:
    """Simulations of a valid spec, one for each seed; the spec's own seed is not looked at.

    A member is bit for bit the Simulation of the spec with its seed. Where the spec holds an initial state all members
    start from it, and differ only by the growth events and jitter of their seeds.
    """

    spec: SimulationSpec
    seeds: tuple[int, ...]

    def begin(self) -> Members:
        """The members before their first step."""
        spec, count = self.spec, len(self.seeds)
        states = np.empty((count, *spec.state_shape), spec.dtype)
        for number in range(count):
            states[number] = Simulation(self._spec_of(number)).state
        return Members(spec.first_step, states, np.zeros(count, np.int64))

    def advance(self, members: Members, steps: int, parts: int = 1, run: Run = map) -> Members:
        """The members `steps` steps later; `members`, of this ensemble or with states of one's own, stay as they are.

        They are shared out in `parts` ranges of about equal length to `run`, such as a thread pool's map: as many as
        threads that are idle.
        """
        later = Members(members.step + steps, np.empty_like(members.states), members.growth_events.copy())

        def work(part: range) -> None:
            for number in part:
                self._advance_one(members, later, number)

        edges = [len(self.seeds) * i // parts for i in range(parts + 1)]
        for _ in run(work, [range(a, b) for a, b in pairwise(edges) if a < b]):
            pass
        return later

    def _advance_one(self, members: Members, later: Members, number: int) -> None:
        start = Checkpoint(members.step, members.states[number], int(members.growth_events[number]))
        simulation = Simulation(self._spec_of(number), start)
        simulation.advance(later.step - members.step)
        later.states[number] = simulation.state
        later.growth_events[number] = simulation.growth_events

    def _spec_of(self, number: int) -> SimulationSpec:
        return replace(self.spec, seed=self.seeds[number])
