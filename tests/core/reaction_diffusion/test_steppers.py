"""Each stepper against equations solved another way: orders of convergence, exact factors, and where stability ends."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import root

from mfn_grpc.core.limits import UnstableSpec
from mfn_grpc.core.reaction_diffusion import (
    AxisBoundary,
    GrayScott,
    Model,
    Mycelium,
    Precision,
    Schnakenberg,
    Simulation,
    SimulationSpec,
    Stepper,
    analyze,
    choose_stepper,
    simulate_reference,
)
from tests.core.reaction_diffusion.cases import (
    BY_MODEL_AND_STEPPER,
    EXPLICIT,
    NO_FLUX,
    PERIODIC,
    PRECISIONS,
    RATES,
    TWO_SPECIES,
    Array,
    faults,
    fixed,
    is_accepted,
    make_spec,
    quiet,
    rough_state,
    run,
)

Floats = NDArray[np.float64]
Axes = tuple[AxisBoundary, AxisBoundary]

WALLS = AxisBoundary(fixed(1.0, 1.1), fixed(1.2, 0.9))
ORDERS = {Stepper.EULER: 1, Stepper.RK4: 4, Stepper.SEMI_IMPLICIT: 1}


def second_difference(boundary: AxisBoundary, cells: int, spacing: float, species: int) -> tuple[Floats, Floats]:
    """The matrix of an axis and what a fixed edge adds, both by what the boundary means: a value on the outer face."""
    matrix = np.diag(np.full(cells, -2.0)) + np.diag(np.ones(cells - 1), 1) + np.diag(np.ones(cells - 1), -1)
    added = np.zeros(cells)
    for place, opposite, condition in ((0, -1, boundary.lower), (-1, 0, boundary.upper)):
        if condition.kind == "periodic":
            matrix[place, opposite] += 1
        elif condition.kind == "no_flux":
            matrix[place, place] += 1
        else:
            matrix[place, place] -= 1
            added[place] += 2 * condition.values[species]
    return matrix / spacing**2, added / spacing**2


def laplacian(spec: SimulationSpec, state: Array) -> Array:
    """Of every species, by matrices."""
    found = np.empty_like(state)
    for s, field in enumerate(state):
        down, above = second_difference(spec.boundaries[0], spec.shape[0], spec.spacing[0], s)
        across, beside = second_difference(spec.boundaries[1], spec.shape[1], spec.spacing[1], s)
        found[s] = (down @ field + above[:, None]) + (field @ across.T + beside)
    return found


def rates_of(spec: SimulationSpec, state: Array) -> Array:
    """The rate of change of a state, as printed in the literature."""
    diffusion = np.array(spec.model.turing_system().diffusion)[:, None, None]
    return np.asarray(diffusion * laplacian(spec, state) + np.array(RATES[type(spec.model)](spec.model, *state)))


def exact(spec: SimulationSpec, time: float, **options: Any) -> Array:
    """The equations on the grid, continuous in time, by an adaptive integrator of high order."""
    assert spec.initial_state is not None
    settings: dict[str, Any] = {"method": "DOP853", "rtol": 1e-13, "atol": 1e-13} | options

    def rates(_: float, flat: Array) -> Array:
        return rates_of(spec, flat.reshape(spec.state_shape)).ravel()

    solved = solve_ivp(rates, (0, time), spec.initial_state.ravel(), **settings)
    return np.asarray(solved.y[:, -1].reshape(spec.state_shape))


def smooth_state(shape: tuple[int, int]) -> Floats:
    down, across = ((np.arange(cells) + 0.5) / cells for cells in shape)
    bumps = np.outer(np.cos(2 * math.pi * down), 1 + 0.5 * np.cos(2 * math.pi * across))
    return np.array([1 + 0.2 * bumps, 1.1 - 0.1 * bumps])


MIXED = AxisBoundary(NO_FLUX.lower, WALLS.upper)
MODAL: dict[str, Axes] = {
    "periodic": (PERIODIC, PERIODIC),
    "no_flux_and_periodic": (NO_FLUX, PERIODIC),
    "periodic_and_no_flux": (PERIODIC, NO_FLUX),
    "no_flux": (NO_FLUX, NO_FLUX),
}
HELD: dict[str, Axes] = {"fixed_and_periodic": (WALLS, PERIODIC), "mixed_and_fixed": (MIXED, WALLS)}
CASES = [
    pytest.param(stepper, axes, id=f"{stepper}-{name}")
    for stepper in Stepper
    for name, axes in (MODAL | (HELD if stepper in EXPLICIT else {})).items()
]
each_modal = pytest.mark.parametrize("axes", MODAL.values(), ids=MODAL)


@pytest.mark.parametrize(("stepper", "axes"), CASES)
@pytest.mark.parametrize("model", TWO_SPECIES, ids=lambda model: model.name)
def test_the_error_falls_with_the_order_of_the_stepper(model: type[Model], stepper: Stepper, axes: Axes) -> None:
    """Halving dt divides the error by 2^order; what is left to the next order bends the measured one by dt."""
    shape, time = (8, 6), 0.4
    spec = make_spec(
        model(),
        shape=shape,
        spacing=(1.5, 2.0),
        boundaries=axes,
        initial_state=smooth_state(shape),
        stepper=stepper,
        dt=1e-3,
    )
    truth = exact(spec, time)
    counts = (32, 64) if stepper is Stepper.RK4 else (200, 400)
    errors = [np.abs(run(replace(spec, dt=time / count), count) - truth).max() for count in counts]
    # Far above roundings, 1e-15, and the integrator's own error, which the next halvings show to be below 1e-13.
    assert errors[1] > 1e-11
    assert math.log2(errors[0] / errors[1]) == pytest.approx(ORDERS[stepper], abs=0.03 * ORDERS[stepper] + 0.02)


FACTORS: dict[Stepper, Callable[[float], float]] = {
    Stepper.EULER: lambda z: 1 + z,
    Stepper.RK4: lambda z: 1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24,
    Stepper.SEMI_IMPLICIT: lambda z: 1 / (1 - z),
}
HEAT = GrayScott(diffusion_u=1.0, diffusion_v=0.5, feed=0, kill=0)


@pytest.mark.parametrize("stepper", list(Stepper))
def test_a_mode_of_the_heat_equation_is_multiplied_by_the_steppers_own_factor(stepper: Stepper) -> None:
    angle = 2 * math.pi / 64
    mode = np.cos(angle * (np.add.outer(3 * np.arange(64), 5 * np.arange(64)) % 64))
    mu = -4 * (math.sin(1.5 * angle) ** 2 + math.sin(2.5 * angle) ** 2)
    assert mu == pytest.approx(-0.322276800, abs=5e-10)
    state = np.stack([mode, np.zeros_like(mode)])
    for steps in (1, 10, 100):
        field = run(make_spec(HEAT, shape=(64, 64), initial_state=state, dt=0.2, stepper=stepper), steps)[0]
        amplitude = 2 * float((field * mode).mean())
        # Each step rounds some ten times by 1e-16 of the field.
        assert amplitude == pytest.approx(FACTORS[stepper](0.2 * mu) ** steps, rel=1e-14 * (10 + steps))
        assert np.abs(field - amplitude * mode).max() < 1e-14


@pytest.mark.parametrize("dt", [0.2, 50.0, 1e5])
def test_stiff_diffusion_is_damped_by_its_implicit_factor_at_any_dt(dt: float) -> None:
    board = np.where(np.add.outer(np.arange(8), np.arange(8)) % 2, 1.0, -1.0)
    state = np.stack([3.0 + board, np.zeros_like(board)])
    spec = make_spec(HEAT, shape=(8, 8), initial_state=state, dt=dt, stepper=Stepper.SEMI_IMPLICIT)
    assert np.abs(run(spec, 1)[0] - (3.0 + board / (1 + 8 * dt))).max() < 1e-14


def solved_densely(spec: SimulationSpec, state: Array) -> Array:
    """One semi-implicit step by a dense linear system."""
    rates = np.array(RATES[type(spec.model)](spec.model, *state))
    (down, _), (across, _) = (
        second_difference(boundary, cells, spacing, 0)
        for boundary, cells, spacing in zip(spec.boundaries, spec.shape, spec.spacing, strict=True)
    )
    whole = np.kron(down, np.eye(spec.shape[1])) + np.kron(np.eye(spec.shape[0]), across)
    following = [
        np.linalg.solve(np.eye(spec.cells) - spec.time_step * d * whole, (field + spec.time_step * rate).ravel())
        for d, field, rate in zip(spec.model.turing_system().diffusion, state, rates, strict=True)
    ]
    return np.array(following).reshape(spec.state_shape)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("shape", [(4, 4), (5, 8), (8, 5), (7, 9)])
@each_modal
@pytest.mark.parametrize("model", TWO_SPECIES, ids=lambda model: model.name)
def test_a_semi_implicit_step_solves_the_linear_system(
    model: type[Model], axes: Axes, shape: tuple[int, int], precision: Precision
) -> None:
    state = rough_state(model(), shape)
    spec = SimulationSpec(
        model(), shape=shape, spacing=(0.3, 0.2), boundaries=axes, initial_state=state, dt=0.05, precision=precision
    )
    spec = replace(spec, stepper=Stepper.SEMI_IMPLICIT)
    # A few dozen roundings of the largest value, in the transforms and in the dense solution.
    tolerance = 50 * float(np.finfo(spec.dtype).eps) * 1.5
    expected: Array = state
    for _ in range(3):
        expected = solved_densely(spec, expected)
    assert run(spec, 3) == pytest.approx(expected, abs=3 * tolerance)
    assert simulate_reference(spec, 3) == pytest.approx(expected, abs=3 * tolerance)
    assert run(spec, 3).dtype == spec.dtype


@each_modal
def test_grids_of_many_blocks_of_lines_are_solved_as_one(axes: Axes) -> None:
    """Lines are transformed 65,536 cells at a time: here in two blocks of rows and in one or two of columns."""
    shape, stepper = (300, 400), Stepper.SEMI_IMPLICIT
    spec = make_spec(Schnakenberg(), shape=shape, boundaries=axes, seed=1, stepper=stepper, dt=0.1)
    # Other blocks, other roundings: a few of 1e-16 a step.
    assert np.abs(run(spec, 3) - simulate_reference(spec, 3)).max() < 1e-14


def test_a_pattern_at_rest_on_the_grid_rests_under_every_stepper() -> None:
    """A splitting of the step would leave an error of order dt here, some 1e-2."""
    shape = (12, 8)
    spec = make_spec(Schnakenberg(), shape=shape, spacing=(1.8, 1.8))
    start = spec.model.initial_state(2, shape)
    start[0] += 0.3 * np.cos(2 * math.pi * np.arange(12) / 6)[:, None]
    near = exact(replace(spec, initial_state=start), 400.0, method="BDF", rtol=1e-6, atol=1e-8)

    def rates(flat: Array) -> Array:
        return rates_of(spec, flat.reshape(spec.state_shape)).ravel()

    state = np.asarray(root(rates, near.ravel(), tol=1e-14).x).reshape(spec.state_shape)
    assert state[0].std() > 0.1
    assert np.abs(rates_of(spec, state)).max() < 1e-12
    for stepper in Stepper:
        limit = next(each.max_dt for each in analyze(spec).step_limits if each.stepper is stepper)
        after = run(replace(spec, initial_state=state, stepper=stepper, dt=0.9 * limit), 20)
        # Roundings and the residual of the root, over 20 steps of which each may double an error.
        assert np.abs(after - state).max() < 1e-9, stepper


def test_stiff_diffusion_is_refused_for_euler_and_right_with_the_semi_implicit_stepper() -> None:
    """D dt / dx^2 is 200 where EULER bears 1/4; the error against a stiff integrator is of first order in dt."""
    shape = (8, 6)
    model = Schnakenberg(diffusion_u=100.0, diffusion_v=1000.0)
    spec = SimulationSpec(model, shape=shape, spacing=(0.5, 0.5), dt=0.05, initial_state=smooth_state(shape))
    assert "must be at most" in faults(spec, UnstableSpec)["dt"]
    assert "must be at most" in faults(replace(spec, stepper=Stepper.RK4), UnstableSpec)["dt"]
    assert choose_stepper(spec).stepper is Stepper.SEMI_IMPLICIT
    truth = exact(spec, 2.0, method="Radau", rtol=1e-10, atol=1e-12)
    errors = []
    for dt in (0.05, 0.025):
        fine = replace(spec, stepper=Stepper.SEMI_IMPLICIT, dt=dt)
        assert is_accepted(fine)
        errors.append(np.abs(run(fine, round(2.0 / dt)) - truth).max())
    assert errors[0] < 0.03
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.1)


def without_turing(model: type[Model]) -> Model:
    """Parameters at which every mode of every stable state decays: both species diffuse alike."""
    if issubclass(model, Mycelium):
        return quiet(activator_diffusion=0.1, inhibitor_diffusion=0.1, reaction_rate=0.1)
    if issubclass(model, GrayScott):
        return GrayScott(diffusion_u=0.1, diffusion_v=0.1, feed=0.5, kill=0.3)
    return model(diffusion_u=1.0, diffusion_v=1.0)  # type: ignore[call-arg] # every two-species model has these


def at_limit(spec: SimulationSpec, share: float) -> SimulationSpec:
    """A spec at a share of its largest dt; mycelium, whose dt is 1, with its rates scaled likewise."""
    limit = next(each.max_dt for each in analyze(spec).step_limits if each.stepper is spec.stepper)
    if not isinstance(spec.model, Mycelium):
        return replace(spec, dt=share * limit)
    names = ("activator_diffusion", "inhibitor_diffusion", "reaction_rate")
    return replace(spec, model=replace(spec.model, **{n: share * limit * getattr(spec.model, n) for n in names}))


@pytest.mark.parametrize(("share", "grows"), [(0.97, False), (1.05, True)])
@pytest.mark.parametrize(("model", "stepper"), BY_MODEL_AND_STEPPER, ids=lambda value: getattr(value, "name", value))
def test_a_perturbation_decays_just_below_the_limit_and_grows_just_above(
    model: type[Model], stepper: Stepper, share: float, *, grows: bool
) -> None:
    spec = SimulationSpec(without_turing(model), shape=(16, 16), stepper=stepper)
    steady = np.array(spec.model.turing_system().steady_states[0])[:, None, None]
    state = steady + 1e-8 * np.random.default_rng(0).standard_normal((2, 16, 16))
    if issubclass(model, Mycelium):
        state = np.concatenate([np.full((1, 16, 16), -70.0), state])
    simulation = Simulation(at_limit(replace(spec, initial_state=state), share))
    sizes = [np.abs(state[-2:] - steady).max()]
    # Where eigenvalues meet the limit at a slant, a step changes a mode by 0.1 % only: some thousands show which way.
    while len(sizes) < 40 and sizes[-1] < 10 * sizes[0]:
        simulation.advance(250)
        sizes.append(np.abs(simulation.state[-2:] - steady).max())
    assert (not sizes[-1] < 10 * sizes[0]) if grows else (sizes[-1] < 0.5 * sizes[0])
