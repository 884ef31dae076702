"""Kernels against the numpy reference bit for bit, and both against steps written in another style."""

import itertools
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from mfn_grpc.core.reaction_diffusion import (
    AxisBoundary,
    BoundaryKind,
    Model,
    Mycelium,
    Precision,
    Simulation,
    SimulationSpec,
    Stepper,
    simulate_reference,
)
from tests.core.reaction_diffusion.cases import (
    BOUNDARY_NAMES,
    BY_MODEL_AND_STEPPER,
    EXPLICIT,
    NO_FLUX,
    PERIODIC,
    PRECISIONS,
    RATES,
    TWO_SPECIES,
    Array,
    assert_same_bits,
    boundaries_of,
    gentle_dt,
    make_spec,
    quiet,
    rough_state,
    run,
)

EXPLICITLY = [(model, stepper) for model, stepper in BY_MODEL_AND_STEPPER if stepper in EXPLICIT]
GRIDS = [((4, 4), (1.0, 1.0)), ((5, 37), (0.7, 1.3)), ((37, 64), (1.0, 0.5)), ((64, 9), (2.0, 3.0))]


def rough_spec(
    model: Model, shape: tuple[int, ...], spacing: tuple[float, ...], boundary: str, **rest: Any
) -> SimulationSpec:
    """A valid spec that starts far from rest; mycelium has spacing 1 always."""
    space = (1.0, 1.0) if isinstance(model, Mycelium) else spacing
    return make_spec(
        model,
        shape=shape,
        spacing=space,
        dt=gentle_dt(model, space),
        boundaries=boundaries_of(model)[boundary],
        initial_state=rough_state(model, shape),
        **rest,
    )


def assert_equals_reference(spec: SimulationSpec, steps: int) -> Array:
    """The same bits after `steps` steps, which must have changed every field; the state."""
    state = run(spec, steps)
    assert spec.initial_state is not None
    assert all((state[s] != spec.initial_state[s].astype(spec.dtype)).mean() > 0.9 for s in range(len(state)))
    assert np.isfinite(state).all()
    assert_same_bits(state, simulate_reference(spec, steps))
    return state


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("boundary", BOUNDARY_NAMES)
@pytest.mark.parametrize(("model", "stepper"), EXPLICITLY, ids=lambda value: getattr(value, "name", ""))
def test_the_kernel_equals_the_reference_bit_for_bit(
    model: type[Model], stepper: Stepper, boundary: str, precision: Precision
) -> None:
    for shape, spacing in GRIDS:
        spec = rough_spec(model(), shape, spacing, boundary, precision=precision, stepper=stepper)
        assert_equals_reference(spec, 9)


@settings(max_examples=60)
@given(
    st.sampled_from(EXPLICITLY),
    st.tuples(st.integers(4, 30), st.integers(4, 30)),
    st.tuples(st.floats(0.3, 3), st.floats(0.3, 3)),
    st.sampled_from(BOUNDARY_NAMES),
    st.sampled_from(PRECISIONS),
    st.integers(1, 6),
)
def test_no_grid_makes_kernel_and_reference_differ(
    kernel: tuple[type[Model], Stepper],
    shape: tuple[int, int],
    spacing: tuple[float, float],
    boundary: str,
    precision: Precision,
    steps: int,
) -> None:
    model, stepper = kernel
    spec = rough_spec(model(), shape, spacing, boundary, precision=precision, stepper=stepper)
    assert_equals_reference(spec, steps)


NOISY = Mycelium(spike_probability=0.9, quantum_jitter=True, jitter_var=4.0)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("boundary", BOUNDARY_NAMES)
@pytest.mark.parametrize(
    "model", [replace(NOISY, quantum_jitter=False), NOISY, replace(NOISY, turing_enabled=False)], ids=range(3)
)
def test_growth_events_and_jitter_are_the_same_in_kernel_and_reference(
    model: Mycelium, boundary: str, precision: Precision
) -> None:
    spec = rough_spec(model, (37, 64), (1.0, 1.0), boundary, precision=precision, seed=5)
    state = assert_equals_reference(spec, 12)
    silent = run(replace(spec, model=replace(model, spike_probability=0.0, quantum_jitter=False)), 12)
    assert not np.array_equal(state[0], silent[0])


def test_jitter_of_many_blocks_is_the_same_in_kernel_and_reference() -> None:
    """A block of jitter is 16 rows of 4,096 cells: here two whole ones and a part."""
    assert_equals_reference(rough_spec(NOISY, (40, 4096), (1.0, 1.0), "mixed"), 2)


@pytest.mark.parametrize(("model", "stepper"), BY_MODEL_AND_STEPPER, ids=lambda value: getattr(value, "name", ""))
def test_float32_stays_float32_and_close_to_float64(model: type[Model], stepper: Stepper) -> None:
    spec = rough_spec(model(), (16, 16), (1.0, 1.0), "periodic", stepper=stepper)
    single, double = run(replace(spec, precision=Precision.FLOAT32), 50), run(spec, 50)
    assert single.dtype == np.float32
    # 50 steps of a few roundings of 6e-8 each, on stable dynamics; promotion to float64 would agree far better.
    difference = np.abs(single - double).max(axis=(1, 2)) / np.abs(double).max(axis=(1, 2))
    assert difference.max() < 1e-5
    assert difference.min() > 1e-9


def beyond(axis: AxisBoundary, line: Array, species: int, *, upper: bool) -> float:
    """What lies one cell outside a line of cells."""
    condition = axis.upper if upper else axis.lower
    edge, opposite = (line[-1], line[0]) if upper else (line[0], line[-1])
    if condition.kind is BoundaryKind.PERIODIC:
        return float(opposite)
    if condition.kind is BoundaryKind.NO_FLUX:
        return float(edge)
    return float(edge + 2 * (condition.values[species] - edge))


def second_difference(axis: AxisBoundary, line: Array, place: int, species: int) -> float:
    before = line[place - 1] if place > 0 else beyond(axis, line, species, upper=False)
    after = line[place + 1] if place < len(line) - 1 else beyond(axis, line, species, upper=True)
    return float((before - line[place]) - (line[place] - after))


def looped_laplacian(spec: SimulationSpec, state: Array) -> Array:
    """Second differences of every species, a cell at a time."""
    laplacian = np.zeros_like(state)
    for s, i, j in np.ndindex(*state.shape):
        vertical = second_difference(spec.boundaries[0], state[s, :, j], i, s) / spec.spacing[0] ** 2
        horizontal = second_difference(spec.boundaries[1], state[s, i, :], j, s) / spec.spacing[1] ** 2
        laplacian[s, i, j] = vertical + horizontal
    return laplacian


def convolved_laplacian(spec: SimulationSpec, state: Array) -> Array:
    """The five-point stencil by scipy, whose modes know two of the boundary conditions."""
    laplacian = np.zeros_like(state)
    for axis, (boundary, dx) in enumerate(zip(spec.boundaries, spec.spacing, strict=True), start=1):
        mode: Literal["wrap", "nearest"] = "wrap" if boundary == PERIODIC else "nearest"
        laplacian += ndimage.convolve1d(state, [1, -2, 1], axis=axis, mode=mode) / dx**2
    return laplacian


def step_as_printed(spec: SimulationSpec, state: Array, laplacian: Array) -> Array:
    """One step by the formulas of the literature."""
    model = spec.model
    pair = np.array(RATES[type(model)](model, *state[-2:]))
    diffusion = np.array(model.turing_system().diffusion)[:, None, None]
    following = np.empty_like(state)
    following[-2:] = state[-2:] + spec.time_step * (diffusion * laplacian[-2:] + pair)
    if isinstance(model, Mycelium):
        lift = model.turing_coupling_mv * np.maximum(state[1] - model.turing_threshold, 0)
        potential = (1 - model.leak_rate) * state[0] - 70 * model.leak_rate + model.alpha * laplacian[0] + lift
        following[0] = np.minimum(np.maximum(potential, -95), 40)
    return following


def assert_close(actual: Array, expected: Array) -> None:
    """Ten roundings of the largest value a step, for fewer than 25 steps."""
    for got, wanted in zip(actual, expected, strict=True):
        assert np.abs(got - wanted).max() < 5e-14 * np.abs(wanted).max()


@pytest.mark.parametrize("boundary", BOUNDARY_NAMES)
@pytest.mark.parametrize("model", [*TWO_SPECIES, quiet], ids=lambda model: getattr(model, "name", "mycelium"))
def test_a_plain_loop_over_cells_makes_the_same_steps(model: Any, boundary: str) -> None:
    spec = rough_spec(model(), (5, 7), (0.7, 1.3), boundary)
    assert spec.initial_state is not None
    state: Array = spec.initial_state
    for _ in range(4):
        state = step_as_printed(spec, state, looped_laplacian(spec, state))
    assert_close(run(spec, 4), state)


@pytest.mark.parametrize("axes", list(itertools.product(["periodic", "no_flux"], repeat=2)), ids="-".join)
@pytest.mark.parametrize("model", [*TWO_SPECIES, quiet], ids=lambda model: getattr(model, "name", "mycelium"))
def test_the_stencil_is_that_of_scipy(model: Any, axes: tuple[str, str]) -> None:
    each = {"periodic": PERIODIC, "no_flux": NO_FLUX}
    spec = rough_spec(model(), (37, 64), (0.7, 1.3), "periodic")
    spec = replace(spec, boundaries=(each[axes[0]], each[axes[1]]))
    assert spec.initial_state is not None
    state: Array = spec.initial_state
    for _ in range(20):
        state = step_as_printed(spec, state, convolved_laplacian(spec, state))
    assert_close(run(spec, 20), state)


def test_without_reaction_an_inhibitor_of_zero_does_no_harm() -> None:
    """The activator's rate holds a^2/h; with Turing off, or at rate 0, it must not be formed."""
    state = rough_state(Mycelium(), (8, 8))
    state[1:] = 0.0
    for model in (quiet(turing_enabled=False), quiet(reaction_rate=0.0)):
        spec = make_spec(model, shape=(8, 8), initial_state=state)
        assert not run(spec, 10)[1:].any()
        assert_same_bits(run(spec, 10), simulate_reference(spec, 10))


def test_a_field_that_blows_up_is_found_not_finite() -> None:
    """Valid by the linear limits, and yet: u^2 v of 10^9 a time unit takes one step to 10^7 and the next to 10^20."""
    model = next(model for model in TWO_SPECIES if model.name == "brusselator")
    simulation = Simulation(make_spec(model(), shape=(8, 8), initial_state=np.full((2, 8, 8), 1e3)))
    assert simulation.is_finite()
    simulation.advance(20)
    assert not simulation.is_finite()


def test_one_value_that_is_not_finite_is_found() -> None:
    for value in (np.nan, np.inf, -np.inf):
        simulation = Simulation(make_spec(quiet(), shape=(8, 8)))
        assert simulation.is_finite()
        simulation.state[2, 7, 7] = value
        assert not simulation.is_finite()


@pytest.mark.parametrize("precision", list(Precision))
def test_finite_values_whose_sum_is_not_are_found_finite(precision: Precision) -> None:
    simulation = Simulation(make_spec(quiet(), shape=(8, 8), precision=precision))
    simulation.state[...] = np.finfo(simulation.state.dtype).max
    assert simulation.is_finite()
    simulation.state[0, 3, 3] = np.nan
    assert not simulation.is_finite()
