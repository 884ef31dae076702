"""Statistics of finished runs, against numpy in extended precision and exact sums."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import GrayScott, Mycelium, Precision, Simulation, SimulationSpec
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.simulation.reports import summarise

SHAPE = (40, 50)


def summary_of(field: Any, precision: Precision = Precision.FLOAT64) -> pb.SpeciesSummary:
    """The summary of a field, as the first species of a simulation that has made no step."""
    state = np.stack([field, np.zeros(SHAPE)])
    spec = SimulationSpec(GrayScott(), shape=SHAPE, initial_state=state, precision=precision)
    return finish(summarise(Simulation(spec), pb.STOP_REASON_COMPLETED, 1.5)).species[0]


@pytest.mark.parametrize("offset", [0.0, 1.0, -70.0, 1e8])
def test_the_standard_deviation_of_a_field_with_a_large_offset_keeps_its_digits(offset: float) -> None:
    field = offset + 1e-3 * np.random.default_rng(1).standard_normal(SHAPE)
    found = summary_of(field)
    deviations = field.astype(np.longdouble) - field.astype(np.longdouble).mean()
    expected = float(np.sqrt(np.square(deviations).mean()))
    # The mean is exact to a few ulp of the offset; its error enters the deviation squared, 1e-8 against 1e-3 at most.
    assert found.std == pytest.approx(expected, rel=1e-9)
    assert found.mean == pytest.approx(math.fsum(field.ravel()) / field.size, rel=1e-15, abs=1e-15)
    assert (found.min, found.max) == (field.min(), field.max())


def test_statistics_of_single_precision_are_computed_in_double() -> None:
    field = (-70 + 1e-3 * np.random.default_rng(2).standard_normal(SHAPE)).astype(np.float32)
    found = summary_of(field, Precision.FLOAT32)
    assert found.std == pytest.approx(float(field.astype(np.float64).std()), rel=1e-12)
    assert found.mean == pytest.approx(float(field.astype(np.float64).mean()), rel=1e-14)


def test_a_constant_field_has_no_spread() -> None:
    found = summary_of(np.full(SHAPE, 0.1))
    # The mean of equal numbers may be off by an ulp.
    assert found.std <= np.spacing(0.1)
    assert found.min == found.max == 0.1


def test_the_summary_of_a_run_says_how_far_it_came_and_names_its_species() -> None:
    spec = SimulationSpec(GrayScott(), steps=20, shape=(8, 8), initial_state=np.ones((2, 8, 8)), initial_step=100)
    simulation = Simulation(spec)
    simulation.advance(7)
    found = finish(summarise(simulation, pb.STOP_REASON_DEADLINE, 0.25))
    assert (found.stop_reason, found.steps_done, found.compute_seconds) == (pb.STOP_REASON_DEADLINE, 7, 0.25)
    assert [(species.name, species.unit) for species in found.species] == [("u", "1"), ("v", "1")]
    assert not found.HasField("mycelium")


def test_the_mycelium_model_is_also_summed_up_in_its_users_words() -> None:
    spec = SimulationSpec(replace(Mycelium(), spike_probability=1.0), steps=30, shape=(16, 16), seed=3)
    simulation = Simulation(spec)
    simulation.advance(30)
    found = finish(summarise(simulation, pb.STOP_REASON_COMPLETED, 0.1))
    potential = simulation.state[0]
    assert found.mycelium.growth_events == 30
    assert (found.mycelium.pot_min_mv, found.mycelium.pot_max_mv) == (potential.min(), potential.max())
    assert found.mycelium.pot_mean_mv == pytest.approx(potential.mean(), rel=1e-14)
    assert found.mycelium.pot_std_mv == pytest.approx(potential.std(), rel=1e-12)
    assert not found.mycelium.HasField("fractal_dimension")
