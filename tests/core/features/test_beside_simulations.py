"""The 18 features of a watched simulation against those of its stored states."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.features import FeatureStream, Measured, Thresholds, extract_features, measure
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import Checkpoint, GrayScott, Mycelium, Precision, Simulation, SimulationSpec
from tests.core.features.oracles import (
    Array,
    all_but_dimensions,
    assert_features,
    assert_same_bits,
    assert_same_but_sums,
)

STEPS = 45
IN_MV = Thresholds(-72.0, -69.0, -65.0)  # where a mycelium field lies after a few steps
RUNS: dict[str, tuple[dict[str, Any], int, Thresholds]] = {
    "potential": ({"model": Mycelium(spike_probability=0.5)}, 0, IN_MV),
    "jitter": ({"model": Mycelium(quantum_jitter=True)}, 0, IN_MV),
    "float32": ({"model": Mycelium(), "precision": Precision.FLOAT32}, 0, IN_MV),
    "second species": ({"model": GrayScott()}, 1, Thresholds(0.05, 0.1, 0.2)),
}


def spec_of(run: str) -> SimulationSpec:
    return SimulationSpec(steps=STEPS, shape=(24, 37), seed=7, **RUNS[run][0])


def stored(run: str) -> Array:
    """The watched species after every step, the initial state first."""
    simulation, species = Simulation(spec_of(run)), RUNS[run][1]
    fields = [simulation.state[species].copy()]
    for _ in range(STEPS):
        simulation.advance(1)
        fields.append(simulation.state[species].copy())
    return np.stack(fields)


def measured(simulation: Simulation, run: str) -> Measured:
    _, species, thresholds = RUNS[run]
    return finish(measure(simulation.state[species], simulation.history, thresholds))


def beside(run: str, advance: Callable[[Simulation], None], checkpoint: Checkpoint | None = None) -> Measured:
    simulation = Simulation(spec_of(run), checkpoint, watched=RUNS[run][1])
    advance(simulation)
    assert simulation.step == STEPS
    return measured(simulation, run)


def at_once(simulation: Simulation) -> None:
    simulation.advance(STEPS - simulation.step)


@pytest.mark.parametrize("run", RUNS)
def test_the_features_beside_a_simulation_are_those_of_its_stored_states(run: str) -> None:
    history, thresholds = stored(run), RUNS[run][2]
    found = beside(run, at_once)
    assert_features(found, all_but_dimensions(history, thresholds))
    # Another kernel adds the same numbers, each row in an order of its own.
    assert_same_but_sums(found, finish(extract_features(history, thresholds)))


@pytest.mark.parametrize("run", RUNS)
def test_a_stream_of_its_frames_gives_the_same(run: str) -> None:
    stream = FeatureStream((24, 37), RUNS[run][2])
    for field in stored(run):
        stream.add(field)
    assert_same_but_sums(finish(stream.measure()), beside(run, at_once))


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("slice_steps", [1, 4, 10])
def test_slices_of_steps_leave_no_trace(slice_steps: int, run: str) -> None:
    def in_slices(simulation: Simulation) -> None:
        while simulation.step < STEPS:
            simulation.advance(min(slice_steps, STEPS - simulation.step))
            measured(simulation, run)

    assert_same_bits(beside(run, in_slices), beside(run, at_once))


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("bands", [2, 5])
def test_bands_of_rows_leave_no_trace(bands: int, run: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = beside(run, lambda simulation: simulation.advance_in_bands(STEPS, bands, pool.map))
    assert_same_bits(found, beside(run, at_once))


@pytest.mark.parametrize("run", RUNS)
def test_a_checkpoint_carries_the_history(run: str) -> None:
    first = Simulation(spec_of(run), watched=RUNS[run][1])
    first.advance(17)
    assert_same_bits(beside(run, at_once, first.checkpoint()), beside(run, at_once))


def test_features_do_not_depend_on_how_often_frames_are_looked_at_but_those_of_the_frames_alone_do() -> None:
    history = stored("potential")
    strided = finish(extract_features(history[::5], IN_MV)).features
    found = beside("potential", at_once).features
    true = all_but_dimensions(history, IN_MV)
    assert abs(strided.dv_mean - true["dv_mean"]) > 0.5 * true["dv_mean"]
    assert found.dv_mean == pytest.approx(true["dv_mean"], rel=1e-12)
