import math
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from mfn_grpc.core.limits import limits_of
from mfn_grpc.core.reaction_diffusion import (
    MAX_EDGE,
    MIN_EDGE,
    AxisBoundary,
    BoundaryCondition,
    GrayScott,
    Model,
    Mycelium,
    Precision,
    Schnakenberg,
    Simulation,
    SimulationSpec,
    Stepper,
    analyze,
)
from tests.core.reaction_diffusion.cases import (
    ALL_MODELS,
    INSULATED,
    NO_FLUX,
    PERIODIC,
    SMALL,
    faults,
    fixed,
    is_accepted,
    only_fault,
)


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.name)
def test_a_spec_of_defaults_is_valid(model: type[Model]) -> None:
    assert is_accepted(SimulationSpec(model()))


def test_what_a_spec_leaves_open_is_the_default() -> None:
    spec = SimulationSpec(Schnakenberg())
    assert (spec.shape, spec.spacing, spec.boundaries) == ((256, 256), (1.0, 1.0), (PERIODIC, PERIODIC))
    assert (spec.steps, spec.seed, spec.first_step, spec.last_step) == (1, 0, 0, 1)
    assert spec.time_step == Schnakenberg.default_dt
    assert spec.stepper is Stepper.EULER
    assert spec.precision is Precision.FLOAT64
    assert spec.state_shape == (2, 256, 256)
    assert spec.cells == 65536


def test_what_a_spec_says_is_what_holds() -> None:
    spec = SimulationSpec(Mycelium(), shape=(8, 9), dt=0.5, initial_step=7, steps=3, precision=Precision.FLOAT32)
    assert (spec.time_step, spec.first_step, spec.last_step) == (0.5, 7, 10)
    assert spec.dtype == np.float32
    assert spec.state_shape == (3, 8, 9)
    assert spec.cells == 72


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        SMALL.steps = 2  # type: ignore[misc] # the fault under test


@pytest.mark.parametrize("edge", [-1, 0, 1, 3, 4097, 10**6, 2**40])
@pytest.mark.parametrize("axis", [0, 1])
def test_an_edge_too_short_or_too_long_is_refused(edge: int, axis: int) -> None:
    shape = (edge, 64) if axis == 0 else (64, edge)
    assert only_fault(replace(SMALL, shape=shape), f"grid.shape[{axis}]").startswith(f"is {edge}, must be 4 to 4096")


@pytest.mark.parametrize("shape", [(MIN_EDGE, MIN_EDGE), (MIN_EDGE, MAX_EDGE), (MAX_EDGE, MIN_EDGE)])
def test_the_shortest_and_the_longest_edges_are_accepted(shape: tuple[int, int]) -> None:
    assert is_accepted(replace(SMALL, shape=shape))


@pytest.mark.parametrize("shape", [(), (8,), (8, 8, 8)])
def test_a_grid_needs_two_edges(shape: tuple[int, ...]) -> None:
    assert only_fault(replace(SMALL, shape=shape), "grid.shape").startswith(f"has {len(shape)} entries, must have 2")


@pytest.mark.parametrize("spacing", [(), (1.0,), (1.0, 1.0, 1.0)])
def test_a_grid_needs_two_spacings(spacing: tuple[float, ...]) -> None:
    assert "must have 2" in only_fault(replace(SMALL, spacing=spacing), "grid.spacing")


@pytest.mark.parametrize("spacing", [0.0, -1.0, 1e-7, 1e7, math.nan, math.inf])
def test_a_spacing_that_is_no_length_is_refused(spacing: float) -> None:
    assert "must be 1e-06 to 1e+06" in only_fault(replace(SMALL, spacing=(1.0, spacing)), "grid.spacing[1]")


@pytest.mark.parametrize("steps", [-1, 0, 100_000_001, 10**12])
def test_no_steps_and_too_many_are_refused(steps: int) -> None:
    assert only_fault(replace(SMALL, steps=steps), "steps").startswith(f"is {steps}, must be 1 to 100000000")


@pytest.mark.parametrize("steps", [1, 100_000_000])
def test_the_fewest_and_the_most_steps_are_accepted(steps: int) -> None:
    assert is_accepted(replace(SMALL, steps=steps))


@pytest.mark.parametrize("seed", [-1, 2**63, 2**64])
def test_a_seed_outside_63_bits_is_refused(seed: int) -> None:
    text = only_fault(replace(SMALL, seed=seed), "seed")
    assert text.startswith(f"is {seed}, must be 0 to 9223372036854775807")


def test_the_largest_seed_runs() -> None:
    spec = replace(SMALL, model=Mycelium(quantum_jitter=True), seed=2**63 - 1)
    assert is_accepted(spec)
    simulation = Simulation(spec)
    simulation.advance(2)
    assert simulation.is_finite()


@pytest.mark.parametrize("dt", [0.0, -0.1, 1e-13, 1e7, math.nan, math.inf])
def test_a_dt_that_is_no_duration_is_refused(dt: float) -> None:
    assert "must be 1e-12 to 1e+06" in only_fault(replace(SMALL, dt=dt), "dt")


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, -1e300])
def test_every_parameter_that_is_out_of_range_is_named(model: type[Model], value: float) -> None:
    names = [name for name, limit in limits_of(model).items() if limit.maximum > 1 or "enabled" not in name]
    names = [name for name in names if name != "quantum_jitter"]
    found = faults(SimulationSpec(model(**dict.fromkeys(names, value)), shape=(8, 8)))
    assert list(found) == [f"{model.name}.{name}" for name in names]
    assert all(text.startswith(f"is {value}, must be ") for text in found.values())


def test_boundaries_of_both_axes_are_checked_under_their_place() -> None:
    half = AxisBoundary(BoundaryCondition(), INSULATED)
    found = faults(replace(SMALL, boundaries=(half, AxisBoundary(fixed(1.0), fixed(1.0, math.nan)))))
    assert list(found) == ["boundaries[0]", "boundaries[1].lower.values", "boundaries[1].upper.values[1]"]


def test_a_fixed_edge_of_the_mycelium_takes_three_values() -> None:
    edge = AxisBoundary(fixed(-60.0, 1.0, 1.0), INSULATED)
    assert is_accepted(SimulationSpec(Mycelium(), shape=(8, 8), boundaries=(edge, NO_FLUX)))
    assert "boundaries[0].lower.values" in faults(replace(SMALL, boundaries=(edge, NO_FLUX)))


@pytest.mark.parametrize("boundaries", [(), (NO_FLUX,), (NO_FLUX,) * 3])
def test_a_spec_needs_boundaries_for_two_axes(boundaries: tuple[AxisBoundary, ...]) -> None:
    assert only_fault(replace(SMALL, boundaries=boundaries), "boundaries").startswith(f"has {len(boundaries)} entries")


def test_the_mycelium_is_a_discrete_model_of_unit_steps_and_cells() -> None:
    spec = SimulationSpec(Mycelium(), shape=(8, 8), dt=0.5, stepper=Stepper.RK4, spacing=(1.0, 2.0))
    found = faults(spec)
    assert set(found) == {"dt", "stepper", "grid.spacing"}
    assert found["dt"] == "must be 1: mycelium is a discrete-time model"
    assert found["stepper"].startswith("must be EULER")
    assert found["grid.spacing"].startswith("must be 1, 1")
    assert is_accepted(SimulationSpec(Mycelium(), shape=(8, 8), dt=1.0, spacing=(1, 1)))


@pytest.mark.parametrize("shape", [(8, 9), (1, 8, 9), (3, 8, 9), (2, 9, 8), (2, 8, 8), (2, 8, 9, 1), (144,), ()])
def test_an_initial_state_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    text = only_fault(replace(SMALL, initial_state=np.zeros(shape)), "initial_array.shape")
    assert text == f"is {list(shape)}, must be [2, 8, 9]: species, rows, columns"


@pytest.mark.parametrize("dtype", ["int64", "int8", "bool", "float16", "complex128", ">f8"])
def test_an_initial_state_of_another_type_is_refused(dtype: str) -> None:
    text = only_fault(replace(SMALL, initial_state=np.zeros((2, 8, 9), dtype)), "initial_array.element_type")
    assert text.endswith("must be float64 or float32")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_that_are_not_finite_are_counted_and_refused(dtype: str) -> None:
    state = np.zeros((2, 8, 9), dtype)
    assert is_accepted(replace(SMALL, initial_state=state))
    state[0, 0, 0], state[0, 7, 8], state[1, 3, 3] = math.nan, math.inf, -math.inf
    text = only_fault(replace(SMALL, initial_state=state), "initial_array.data")
    assert text == "holds 3 that are not finite in float64, must hold finite numbers only"


def test_values_too_large_for_the_precision_are_refused() -> None:
    state = np.full((2, 8, 9), 1e30)
    state[1, 2, 3] = -1e39
    assert is_accepted(replace(SMALL, initial_state=state))
    single = replace(SMALL, initial_state=state, precision=Precision.FLOAT32)
    text = only_fault(single, "initial_array.data")
    assert text == "holds 1 that are not finite in float32, must hold finite numbers only"


def test_every_fault_of_an_initial_state_is_named() -> None:
    found = faults(replace(SMALL, initial_state=np.full((3, 8), math.nan, np.float16), initial_step=-1))
    fields = ["initial_step", "initial_array.element_type", "initial_array.shape", "initial_array.data"]
    assert list(found) == fields


def test_an_initial_step_needs_an_initial_state() -> None:
    assert "without an initial state" in only_fault(replace(SMALL, initial_step=5), "initial_step")
    assert "without an initial state" in only_fault(replace(SMALL, initial_step=0), "initial_step")
    assert is_accepted(replace(SMALL, initial_step=5, initial_state=np.zeros((2, 8, 9))))


@pytest.mark.parametrize("step", [-1, 10**12 + 1])
def test_an_initial_step_out_of_range_is_refused(step: int) -> None:
    spec = replace(SMALL, initial_step=step, initial_state=np.zeros((2, 8, 9)))
    assert only_fault(spec, "initial_step").startswith(f"is {step}, must be 0 to 1000000000000")


def test_all_faults_of_a_spec_are_named_at_once() -> None:
    spec = SimulationSpec(
        GrayScott(feed=-1, kill=math.nan),
        steps=0,
        shape=(1, 10**6),
        spacing=(0.0, 1.0),
        boundaries=(AxisBoundary(BoundaryCondition(), INSULATED), PERIODIC),
        dt=math.nan,
        seed=-1,
        initial_state=np.full((2, 2), math.nan),
        initial_step=-5,
    )
    assert set(faults(spec)) == {
        "gray_scott.feed",
        "gray_scott.kill",
        "steps",
        "grid.shape[0]",
        "grid.shape[1]",
        "grid.spacing[0]",
        "boundaries[0]",
        "dt",
        "seed",
        "initial_array.shape",
        "initial_array.data",
        "initial_step",
    }


def test_the_analysis_is_that_of_the_grid_and_the_dt_of_the_spec() -> None:
    spec = SimulationSpec(Schnakenberg(), shape=(32, 64), dt=0.01, boundaries=(NO_FLUX, PERIODIC), spacing=(1.0, 0.5))
    report = analyze(spec)
    assert report.dt == 0.01
    assert report.species == ("u", "v")
    (state,) = report.steady_states
    assert state.grid is not None
    # The fastest wavenumber fits the grid: pi m / 32 along rows, 2 pi n / 32 along columns of 64 half cells.
    square = (state.grid.wavenumber_fastest / (math.pi / 32)) ** 2
    assert any(square == pytest.approx(m * m + 4 * n * n, rel=1e-12) for m in range(32) for n in range(33))
    walls = replace(spec, boundaries=(NO_FLUX, AxisBoundary(fixed(1.0, 1.0), INSULATED)))
    assert analyze(walls).steady_states[0].grid is None
