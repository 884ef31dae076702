"""Holds simulations at chosen steps, so that tests decide what has been computed when something else happens."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import Checkpoint, Simulation, SimulationSpec

PATIENCE_S = 60.0


class Gates:
    """Notes every slice that the server begins and holds those towards a step that is not allowed yet.

    begun: the step that each slice works towards. starts: the step that each simulation started from.
    """

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.starts: list[int] = []
        self._allowed: float = float("inf")
        self._condition = threading.Condition()

    def allow(self, step: float) -> None:
        """Let slices pass that work towards steps up to this one."""
        with self._condition:
            self._allowed = step
            self._condition.notify_all()

    def open(self) -> None:
        """Let everything pass."""
        self.allow(float("inf"))

    async def reached(self, step: int, times: int = 1) -> None:
        """Wait until slices towards this step have begun, whether they are held or not."""
        await asyncio.to_thread(self._wait_for, lambda: self.begun.count(step) >= times)

    def slice(self, step: int) -> None:
        """Called by the simulation on its worker thread."""
        with self._condition:
            self.begun.append(step)
            self._condition.notify_all()
        self._wait_for(lambda: step <= self._allowed)

    def started(self, step: int) -> None:
        """Called by the simulation when it is made."""
        self.starts.append(step)

    def _wait_for(self, predicate: Any) -> None:
        with self._condition:
            if not self._condition.wait_for(predicate, PATIENCE_S):
                raise TimeoutError("a gate was neither reached nor opened")


def gated(gates: Gates) -> type[Simulation]:
    """A simulation like any other that passes the gates before every slice."""

    class GatedSimulation(Simulation):
        @classmethod
        def opening(
            cls, spec: SimulationSpec, checkpoint: Checkpoint | None = None, watched: int | None = None
        ) -> Pieces[Simulation]:
            simulation = yield from super().opening(spec, checkpoint, watched)
            gates.started(simulation.step)
            return simulation

        _passing = False

        def advance(self, steps: int) -> None:
            gates.slice(self.step + steps)
            self._passing = True
            super().advance(steps)
            self._passing = False

        def advance_units(self, count: int, until: int | None = None) -> int:
            """A slice as well, where a step has seemed too long for one: those that were held were slow."""
            if not (self._passing or self.is_amid_a_step):
                gates.slice(self.step + 1)
            return super().advance_units(count, until)

    return GatedSimulation


def install(monkeypatch: pytest.MonkeyPatch) -> Gates:
    """Gates in every simulation that a server of this process makes from now on; open at first."""
    gates = Gates()
    monkeypatch.setattr("mfn_server.simulation.run.Simulation", gated(gates))
    monkeypatch.setattr("mfn_server.simulation.plans.MOST_TOGETHER", 1)  # a gate between any two frames
    return gates


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that nothing announces; the loop runs freely meanwhile, and the test's timeout ends it."""
    while not condition():  # noqa: ASYNC110  # there is no event to wait for
        await asyncio.sleep(0)
