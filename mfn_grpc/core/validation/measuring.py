"""Tools that measurements share: simulations in pieces, random states, counts of what differs."""

from collections.abc import Callable

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator
from mfn_grpc.core.reaction_diffusion import Simulation, SimulationSpec, validate
from mfn_grpc.core.validation.checks import Measure

CELL_STEPS_A_PIECE = 1_000_000
"""At most 50 ms of the slowest stepper (a transform of every species each step) on one core."""


def at_once(value: Callable[[], float]) -> Measure:
    """A measurement that is not random and over before it could be paused."""

    def measure(_seed: int) -> Pieces[float]:
        yield
        return value()

    return measure


def advance_in_pieces(simulation: Simulation, steps: int) -> Pieces[None]:
    """Make `steps` steps, with a pause at least every CELL_STEPS_A_PIECE updates of a cell."""
    at_a_time = max(1, CELL_STEPS_A_PIECE // simulation.spec.cells)
    for first in range(0, steps, at_a_time):
        simulation.advance(min(at_a_time, steps - first))
        yield


def final_state(spec: SimulationSpec, steps: int) -> Pieces[Array]:
    """The state [species, rows, cols] of a spec after `steps` steps; InvalidInput when the spec is refused."""
    validate(spec)
    simulation = Simulation(spec)
    yield from advance_in_pieces(simulation, steps)
    return simulation.state


def random_numbers(seed: int) -> np.random.Generator:
    """The generator of a check's random inputs."""
    return generator(seed, Stream.CHECK_INPUTS)


def differing(left: Array, right: Array) -> int:
    """How many values differ, bit patterns aside; a NaN differs from everything."""
    if left.shape != right.shape:
        raise ValueError(f"shapes {left.shape} and {right.shape} cannot be compared value by value")
    return int(np.count_nonzero(left != right))
