"""The ways in which a simulation goes on, to be mixed at will."""

from hypothesis import strategies as st

from mfn_grpc.core.reaction_diffusion import Simulation

STEPS_IN_BANDS = 5


def advances(**most: int) -> st.SearchStrategy[list[tuple[str, int]]]:
    """Some of these kinds in any order, each with an amount from 1 to its most."""
    kinds = [st.tuples(st.just(kind), st.integers(1, amount)) for kind, amount in most.items()]
    return st.lists(st.one_of(kinds), max_size=14)


def advance_by(simulation: Simulation, kind: str, amount: int) -> None:
    """Go on by an amount of steps, of units (up to a step or not), towards a step, or of bands for STEPS_IN_BANDS."""
    if kind == "steps":
        simulation.advance(amount)
    elif kind == "units":
        simulation.advance_units(amount)
    elif kind == "units_until":
        simulation.advance_units(amount, simulation.step + amount % 19 + 1)
    elif kind == "towards":
        simulation.advance_towards(simulation.step + amount % 23 + 1, amount)
    else:
        simulation.advance_in_bands(STEPS_IN_BANDS, amount, map)
