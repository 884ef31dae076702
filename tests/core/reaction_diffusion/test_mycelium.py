"""What the mycelium model does to its potential: closed forms of each term, and the growth events in the field."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from mfn_grpc.core.reaction_diffusion import Mycelium, Simulation, SimulationSpec
from mfn_grpc.core.reaction_diffusion.randomness import growth_events
from tests.core.reaction_diffusion.cases import Array, make_spec, quiet, run

# Neither diffusion nor leak nor pattern: only what falls on a cell changes it.
STILL = Mycelium(alpha=0, leak_rate=0, turing_enabled=False, spike_probability=0)


def level(model: Mycelium, potential: Any, shape: tuple[int, int] = (16, 16), **settings: Any) -> SimulationSpec:
    """A spec that starts with this potential, and the pair at 1.1 and 1.21."""
    state = np.empty((3, *shape))
    state[0], state[1], state[2] = potential, 1.1, 1.21
    return make_spec(model, shape=shape, initial_state=state, **settings)


def potentials(spec: SimulationSpec, steps: int) -> NDArray[np.float64]:
    """The potential after every step, the start included, [steps + 1, rows, cols]."""
    simulation = Simulation(spec)
    fields = [simulation.state[0].copy()]
    for _ in range(steps):
        simulation.advance(1)
        fields.append(simulation.state[0].copy())
    return np.array(fields)


def test_a_level_potential_leaks_to_rest() -> None:
    for start in (-90.0, 0.0, 30.0):
        field = run(level(quiet(leak_rate=0.1, turing_enabled=False), start), 40)[0]
        assert (field == field[0, 0]).all()
        assert field[0, 0] == pytest.approx(-70 + (start + 70) * 0.9**40, rel=1e-13)


@pytest.mark.parametrize("number", [1, 5, 8])
def test_a_wave_of_the_potential_decays_by_diffusion_and_leak(number: int) -> None:
    wave = np.cos(2 * math.pi * number * np.arange(16) / 16)[:, None]
    mu = 4 * math.sin(math.pi * number / 16) ** 2
    model = quiet(alpha=0.2, leak_rate=0.05, turing_enabled=False)
    field = run(level(model, -70 + 10 * wave), 30)[0]
    assert np.abs(field - (-70 + 10 * (1 - 0.05 - 0.2 * mu) ** 30 * wave)).max() < 1e-12


@pytest.mark.parametrize(("activator", "excess"), [(2.0, 0.75), (1.25, 0.0), (0.5, 0.0)])
def test_the_potential_is_raised_by_what_the_activator_has_above_the_threshold(activator: float, excess: float) -> None:
    model = quiet(turing_threshold=1.25, turing_coupling_mv=2.0, leak_rate=0.1, reaction_rate=0)
    spec = level(model, -70.0)
    assert spec.initial_state is not None
    spec.initial_state[1] = activator
    # The balance of lift and leak, which is reached by 0.9 a step.
    balance = -70 + 2.0 * excess / 0.1
    expected = balance + (-70 - balance) * 0.9**20
    assert run(spec, 20)[0] == pytest.approx(expected, rel=1e-13)
    off = replace(spec, model=replace(model, turing_enabled=False))
    assert run(off, 20)[0] == pytest.approx(-70, rel=1e-13)


def test_without_events_the_potential_stays_level() -> None:
    simulation = Simulation(level(STILL, -50.0))
    simulation.advance(500)
    assert simulation.growth_events == 0
    assert (simulation.state[0] == -50).all()


def test_an_event_raises_the_one_cell_that_its_seed_says() -> None:
    steps = 60
    spec = level(replace(STILL, spike_probability=0.4), -70.0, shape=(12, 20), seed=8)
    changes = np.diff(potentials(spec, steps), axis=0).reshape(steps, -1)
    events = growth_events(8, 0, steps, 240, 0.4)
    raised = [np.flatnonzero(change) for change in changes]
    assert [list(cells) for cells in raised] == [[cell] if cell >= 0 else [] for cell in events.cell]
    rises = [change[cell] for change, cell in zip(changes, events.cell, strict=True) if cell >= 0]
    # The difference of two potentials of some 70 mV, each rounded by 1e-14.
    assert rises == pytest.approx(events.rise_mv[events.cell >= 0], abs=1e-13)


def test_with_probability_one_every_step_raises_one_cell_by_20_mv_with_a_spread_of_5() -> None:
    steps = 2000
    spec = level(replace(STILL, spike_probability=1), -70.0, shape=(128, 128), seed=1)
    changes = np.diff(potentials(spec, steps), axis=0).reshape(steps, -1)
    assert (np.count_nonzero(changes, axis=1) == 1).all()
    rises = changes.sum(axis=1)
    assert abs(rises.mean() - 20) < 5 * 5 / math.sqrt(steps)
    assert abs(rises.std() - 5) < 5 * 5 / math.sqrt(2 * steps)
    quarters = np.bincount(np.nonzero(changes)[1] // (128 * 8), minlength=16)
    assert stats.chisquare(quarters).pvalue > 1e-6


@pytest.mark.parametrize("probability", [0.1, 0.25, 0.8])
def test_events_are_counted_and_as_frequent_as_their_probability(probability: float) -> None:
    steps = 20_000
    simulation = Simulation(level(replace(STILL, spike_probability=probability), -70.0, shape=(4, 4)))
    simulation.advance(steps)
    assert abs(simulation.growth_events - probability * steps) < 5 * math.sqrt(steps * probability * (1 - probability))
    assert simulation.growth_events == np.count_nonzero(growth_events(0, 0, steps, 16, probability).cell >= 0)


def test_the_potential_never_exceeds_40_mv() -> None:
    spec = level(replace(STILL, spike_probability=1), -70.0, shape=(4, 4))
    field: Array = run(spec, 400)[0]
    assert (field == 40).all()


def test_the_potential_never_falls_below_minus_95_mv() -> None:
    noisy = replace(STILL, quantum_jitter=True, jitter_var=25)
    fields = potentials(level(noisy, -94.0), 50)[1:]
    assert fields.min() == -95
    assert 0.02 < (fields == -95).mean() < 0.8
    assert fields.max() < 40


def test_jitter_has_its_variance_and_no_direction() -> None:
    model = replace(STILL, quantum_jitter=True, jitter_var=0.09)
    changes = np.diff(potentials(level(model, -20.0, shape=(64, 64)), 30), axis=0)
    assert abs(changes.mean()) < 5 * 0.3 / math.sqrt(changes.size)
    assert abs(changes.std() - 0.3) < 5 * 0.3 / math.sqrt(2 * changes.size)


@pytest.mark.parametrize(
    "switched", [{"quantum_jitter": False, "jitter_var": 25}, {"quantum_jitter": True, "jitter_var": 0}]
)
def test_without_jitter_nothing_is_added(switched: dict[str, Any]) -> None:
    assert (run(level(replace(STILL, **switched), -20.0), 10)[0] == -20).all()


def test_events_and_jitter_leave_the_pair_alone() -> None:
    spec = make_spec(quiet(), shape=(16, 16), seed=2)
    noisy = replace(spec, model=Mycelium(spike_probability=1, quantum_jitter=True, jitter_var=9))
    calm, stormy = run(spec, 50), run(noisy, 50)
    assert stormy[1:].tobytes() == calm[1:].tobytes()
    assert (stormy[0] != calm[0]).all()


@pytest.mark.parametrize(("alpha", "grows"), [(0.2475, False), (0.2485, True)])
def test_beyond_the_largest_alpha_a_checkerboard_grows(alpha: float, *, grows: bool) -> None:
    """With a leak of 0.02 a step multiplies it by 0.98 - 8 alpha: the reason why 1/4 is refused."""
    board = np.where(np.add.outer(np.arange(16), np.arange(16)) % 2, 1.0, -1.0)
    spec = level(quiet(alpha=0.2, turing_enabled=False), -70 + 0.1 * board)
    field = run(replace(spec, model=quiet(alpha=alpha, turing_enabled=False)), 400)[0] + 70
    assert (np.abs(field).max() > 0.2) == grows
    assert np.abs(field - 0.1 * (0.98 - 8 * alpha) ** 400 * board).max() < 1e-10
