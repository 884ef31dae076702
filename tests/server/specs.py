"""Small simulations that tests ask for, and the plain run of the core that they are compared with."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from mfn_grpc.arrays import AnyArray, PartAssembler, to_array
from mfn_grpc.core.limits import Faults
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import Simulation, SimulationSpec
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.simulation.specs import decode_spec, hash_spec

Array = np.ndarray[Any, np.dtype[Any]]
EDGE = 16


def spec(
    model: str = "gray_scott", steps: int = 6, shape: tuple[int, int] = (EDGE, EDGE), **fields: Any
) -> pb.SimulationSpec:
    """A spec of a model with its defaults."""
    message = pb.SimulationSpec(**(dict[str, Any](steps=steps, grid=pb.Grid(shape=shape), seed=7) | fields))
    getattr(message, model).SetInParent()
    return message


def endless(**fields: Any) -> pb.SimulationSpec:
    """A spec that no test waits for the end of."""
    return spec(steps=100_000_000, **fields)


def diverging() -> pb.SimulationSpec:
    """A cubic reaction started far outside the basin of its cycle: finite for some steps, then not."""
    state = np.full((2, EDGE, EDGE), 60.0)
    message = spec("fitzhugh_nagumo", steps=50, dt=0.01)
    message.initial_array.CopyFrom(to_array(state))
    return message


def no_array(ref: str) -> AnyArray:
    """Stands for a store of arrays in tests that upload none."""
    raise AssertionError(f"{ref} was asked for")


def decoded(message: pb.SimulationSpec, *, stable: bool = True) -> SimulationSpec:
    """The core's spec of a message; raises what is wrong with it."""
    faults = Faults()
    found = finish(decode_spec(message, no_array, faults, stable=stable))
    faults.refuse()
    return found


def hashed(spec: SimulationSpec) -> bytes:
    """The hash of a spec."""
    return finish(hash_spec(spec))


def states(message: pb.SimulationSpec) -> dict[int, Array]:
    """The state [species, rows, cols] after every step, computed by the core alone."""
    simulation = Simulation(decoded(message))
    found = {simulation.step: simulation.state.copy()}
    while simulation.step < simulation.spec.last_step:
        simulation.advance(1)
        found[simulation.step] = simulation.state.copy()
    return found


def frames(responses: Iterable[pb.SimulateResponse]) -> dict[int, Array]:
    """The whole frames among some messages: the state at each step."""
    found: dict[int, list[Array]] = {}
    assembler = PartAssembler(1 << 30)
    for response in responses:
        for part in response.frame.parts:
            if (array := assembler.add(part)) is not None:
                found.setdefault(response.frame.step, []).append(array.elements)
    assert assembler.idle
    return {step: np.stack(arrays) for step, arrays in found.items()}


def same_bits(found: dict[int, Array], expected: dict[int, Array]) -> bool:
    """Whether both hold the same steps with the same bytes."""
    return {step: array.tobytes() for step, array in found.items()} == {
        step: array.tobytes() for step, array in expected.items()
    }
