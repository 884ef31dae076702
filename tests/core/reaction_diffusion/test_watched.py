"""A simulation that keeps the history of a species: the same numbers however it is advanced, at no bit of its state."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from mfn_grpc.core.features.history import History
from mfn_grpc.core.reaction_diffusion import (
    Checkpoint,
    GrayScott,
    Mycelium,
    Precision,
    Simulation,
    SimulationSpec,
    Stepper,
)
from mfn_grpc.core.reaction_diffusion.programs import base
from tests.core.reaction_diffusion.cases import PRECISIONS, Array, assert_same_bits, make_spec

NOISY = Mycelium(spike_probability=0.7, quantum_jitter=True, jitter_var=1.0)
STEPS = 25
SPECS = {
    "euler": SimulationSpec(GrayScott(), shape=(37, 26), seed=3),
    "rk4": SimulationSpec(GrayScott(), shape=(37, 26), seed=3, stepper=Stepper.RK4),
    "semi_implicit": SimulationSpec(GrayScott(), shape=(37, 26), seed=3, stepper=Stepper.SEMI_IMPLICIT),
    "mycelium": SimulationSpec(Mycelium(), shape=(37, 26), seed=3),
    "jitter": SimulationSpec(NOISY, shape=(37, 26), seed=3),
}
each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)


def history_of(simulation: Simulation) -> History:
    assert simulation.history is not None
    return simulation.history


def record_of(simulation: Simulation) -> Array:
    return history_of(simulation).record


def watched(spec: SimulationSpec, steps: int = STEPS, species: int = 0) -> Simulation:
    simulation = Simulation(spec, watched=species)
    simulation.advance(steps)
    return simulation


@each_spec
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("species", [0, 1])
def test_the_history_is_that_of_the_states_one_by_one(spec: SimulationSpec, precision: Precision, species: int) -> None:
    spec = replace(spec, precision=precision)
    simulation = Simulation(spec)
    fields = [simulation.state[species].astype(np.float64)]
    for _ in range(STEPS):
        simulation.advance(1)
        fields.append(simulation.state[species].astype(np.float64))
    changes = np.array([np.abs(after - before) for before, after in pairwise(fields)])
    energy = [np.mean(field**2) for field in fields]
    history = history_of(watched(spec, species=species))
    assert history.steps == STEPS
    # Sums of some thousand doubles in another order.
    assert history.dv_mean == pytest.approx(changes.mean(), rel=1e-12)
    assert history.dv_max == changes.max()
    assert history.e_trend == pytest.approx(np.polyfit(np.arange(STEPS + 1), energy, 1)[0], rel=1e-9)


@each_spec
@pytest.mark.parametrize("precision", PRECISIONS)
def test_watching_changes_no_bit_of_the_state(spec: SimulationSpec, precision: Precision) -> None:
    plain = Simulation(replace(spec, precision=precision))
    plain.advance(STEPS)
    assert plain.history is None
    assert_same_bits(watched(plain.spec).state, plain.state)


@each_spec
@pytest.mark.parametrize("portion", [1, 5, 36, 37, 100, 1000])
def test_no_portion_changes_a_bit_of_the_history(spec: SimulationSpec, portion: int) -> None:
    simulation = Simulation(spec, watched=0)
    while simulation.step < STEPS:
        simulation.advance_units(portion)
    assert_same_bits(record_of(simulation), record_of(watched(spec)))


@each_spec
@pytest.mark.parametrize(("bands", "threads"), [(1, 1), (2, 2), (7, 3)])
def test_neither_bands_nor_threads_change_a_bit_of_the_history(spec: SimulationSpec, bands: int, threads: int) -> None:
    simulation = Simulation(spec, watched=0)
    with ThreadPoolExecutor(threads) as pool:
        simulation.advance_in_bands(STEPS, bands, pool.map)
    assert_same_bits(record_of(simulation), record_of(watched(spec)))


@each_spec
@pytest.mark.parametrize("band_bytes", [1, 10_000, 10**9])
def test_the_height_of_the_bands_changes_no_bit(
    spec: SimulationSpec, band_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = watched(spec)
    monkeypatch.setattr(base, "BAND_BYTES", band_bytes)
    actual = watched(spec)
    assert_same_bits(record_of(actual), record_of(expected))
    assert_same_bits(actual.state, expected.state)


@each_spec
@pytest.mark.parametrize("begun_units", [0, 3, 50])
def test_a_checkpoint_continues_the_history_bit_for_bit(spec: SimulationSpec, begun_units: int) -> None:
    first = watched(spec, 11)
    if begun_units:
        first.advance_units(begun_units)
    second = Simulation(spec, first.checkpoint(), watched=0)
    second.advance(STEPS - second.step)
    assert_same_bits(record_of(second), record_of(watched(spec)))
    assert_same_bits(second.state, watched(spec).state)


def test_a_checkpoint_holds_a_copy_of_the_record() -> None:
    simulation = watched(SPECS["euler"], 3)
    saved = simulation.checkpoint()
    assert saved.history is not None
    before = saved.history.copy()
    simulation.advance(3)
    Simulation(simulation.spec, saved, watched=0).advance(3)
    assert_same_bits(saved.history, before)
    assert not np.array_equal(record_of(simulation), before)


def test_from_a_checkpoint_without_a_record_the_history_begins_there() -> None:
    spec = SPECS["euler"]
    plain = Simulation(spec)
    plain.advance(7)
    assert plain.checkpoint().history is None
    late = Simulation(spec, plain.checkpoint(), watched=1)
    late.advance(5)
    anew = Simulation(make_spec(spec.model, shape=spec.shape, initial_state=plain.state.copy(), steps=5), watched=1)
    anew.advance(5)
    assert history_of(late).steps == 5
    assert_same_bits(record_of(late), record_of(anew))


def test_a_record_is_dropped_where_nothing_is_watched() -> None:
    saved = watched(SPECS["euler"], 3).checkpoint()
    assert isinstance(saved, Checkpoint)
    assert Simulation(SPECS["euler"], saved).history is None
