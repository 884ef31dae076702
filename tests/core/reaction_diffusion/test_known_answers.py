"""Answers known from mathematics: exact modes, conservation, symmetries, and the growth of instabilities."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from mfn_grpc.core.reaction_diffusion import AxisBoundary, GrayScott, Model, Mycelium, SimulationSpec, Stepper
from tests.core.reaction_diffusion.cases import (
    BY_MODEL_AND_STEPPER,
    EXPLICIT,
    INSULATED,
    NO_FLUX,
    PERIODIC,
    RATES,
    TWO_SPECIES,
    Array,
    amplification,
    assert_same_bits,
    fixed,
    jacobian_of,
    make_spec,
    quiet,
    rough_state,
    run,
)

Floats = NDArray[np.float64]

# Heat in u alone: with F = k = 0 and v = 0 nothing reacts.
HEAT = GrayScott(diffusion_u=1.0, diffusion_v=0.5, feed=0, kill=0)
COLD = AxisBoundary(fixed(0.0, 0.0), fixed(0.0, 0.0))


def heat(u: Floats, steps: int, dt: float, **settings: Any) -> Array:
    """u after some steps of diffusion."""
    state = np.stack([u, np.zeros_like(u)])
    final: Array = run(make_spec(HEAT, shape=u.shape, initial_state=state, dt=dt, **settings), steps)[0]
    return final


def test_a_mode_of_the_heat_equation_decays_at_the_eigenvalue_of_the_grid() -> None:
    angle = 2 * math.pi / 64
    mode = np.cos(angle * (np.add.outer(3 * np.arange(64), 5 * np.arange(64)) % 64))
    mu = -4 * (math.sin(1.5 * angle) ** 2 + math.sin(2.5 * angle) ** 2)
    assert mu == pytest.approx(-0.322276800, abs=5e-10)
    assert -(angle**2) * (9 + 25) == pytest.approx(-0.327701709, abs=5e-10)  # what the continuum would have
    for steps in (1, 10, 100):
        field = heat(mode, steps, 0.2)
        amplitude = 2 * float((field * mode).mean())
        # Each step rounds a few times by 1e-16 of the field.
        assert amplitude == pytest.approx((1 + 0.2 * mu) ** steps, rel=1e-14 * (10 + steps))
        assert np.abs(field - amplitude * mode).max() < 2e-15


def periodic_wave(cells: int, number: int) -> tuple[Floats, float]:
    """A mode of an axis, and its phase from one cell to the next."""
    phase = 2 * math.pi * number / cells
    return np.cos(phase * np.arange(cells)), phase


def insulated_wave(cells: int, number: int) -> tuple[Floats, float]:
    phase = math.pi * number / cells
    return np.cos(phase * (np.arange(cells) + 0.5)), phase


def cold_wave(cells: int, number: int) -> tuple[Floats, float]:
    phase = math.pi * number / cells
    return np.sin(phase * (np.arange(cells) + 0.5)), phase


def insulated_then_cold_wave(cells: int, number: int) -> tuple[Floats, float]:
    phase = math.pi * (number + 0.5) / cells
    return np.cos(phase * (np.arange(cells) + 0.5)), phase


def cold_then_insulated_wave(cells: int, number: int) -> tuple[Floats, float]:
    phase = math.pi * (number + 0.5) / cells
    return np.sin(phase * (np.arange(cells) + 0.5)), phase


Wave = Callable[[int, int], tuple[Floats, float]]
WAVES: dict[Wave, AxisBoundary] = {
    periodic_wave: PERIODIC,
    insulated_wave: NO_FLUX,
    cold_wave: COLD,
    insulated_then_cold_wave: AxisBoundary(INSULATED, fixed(0.0, 0.0)),
    cold_then_insulated_wave: AxisBoundary(fixed(0.0, 0.0), INSULATED),
}


@pytest.mark.parametrize("stepper", EXPLICIT)
@pytest.mark.parametrize(
    ("down", "across"), list(itertools.product(WAVES, repeat=2)), ids=lambda wave: wave.__name__.removesuffix("_wave")
)
def test_the_modes_of_every_boundary_decay_at_their_known_rates(down: Wave, across: Wave, stepper: Stepper) -> None:
    (vertical, row_phase), (horizontal, col_phase) = down(20, 3), across(33, 4)
    mode = np.outer(vertical, horizontal)
    spacing, dt = (0.8, 1.25), 0.15
    mu = (2 / 0.8 * math.sin(row_phase / 2)) ** 2 + (2 / 1.25 * math.sin(col_phase / 2)) ** 2
    field = heat(mode, 25, dt, spacing=spacing, boundaries=(WAVES[down], WAVES[across]), stepper=stepper)
    factor = amplification(np.zeros((1, 1)), np.array([[mu]]), dt, stepper).item()
    # 25 steps with a few roundings of at most 1e-15 each.
    assert np.abs(field - factor**25 * mode).max() < 2e-14


def test_between_two_fixed_values_the_field_relaxes_to_a_straight_line() -> None:
    walls = AxisBoundary(fixed(1.0, 0.0), fixed(3.0, 0.0))
    line = 1.0 + 2.0 * (np.arange(12) + 0.5) / 12
    start = np.random.default_rng(0).uniform(0, 4, (12, 7))
    # The slowest mode falls by 1 - 0.2 * 4 sin^2(pi / 24) a step: e^-41 after 3,000.
    along_rows = heat(start, 3000, 0.2, boundaries=(walls, NO_FLUX))
    assert np.abs(along_rows - line[:, None]).max() < 1e-13
    along_cols = heat(start.T.copy(), 3000, 0.2, boundaries=(PERIODIC, walls))
    assert np.abs(along_cols - line).max() < 1e-13


@pytest.mark.parametrize("stepper", list(Stepper))
@pytest.mark.parametrize("axes", list(itertools.product([PERIODIC, NO_FLUX], repeat=2)), ids=["pp", "pn", "np", "nn"])
def test_no_matter_is_lost_without_feed_and_removal(axes: tuple[AxisBoundary, AxisBoundary], stepper: Stepper) -> None:
    """Diffusion moves u and v, conversion turns one into the other: the sum of both stays."""
    start = np.random.default_rng(0).uniform(0, 1, (2, 33, 20))
    model = GrayScott(feed=0, kill=0)
    spec = make_spec(model, shape=(33, 20), initial_state=start, boundaries=axes, stepper=stepper)
    total = math.fsum(run(spec, 500).ravel())
    assert total == pytest.approx(math.fsum(start.ravel()), rel=1e-13)
    diffusing = replace(spec, initial_state=np.stack([start[0], np.zeros((33, 20))]))
    assert math.fsum(run(diffusing, 500)[0].ravel()) == pytest.approx(math.fsum(start[0].ravel()), rel=1e-13)


def test_a_fixed_edge_does_exchange_matter() -> None:
    start = np.full((2, 16, 16), 0.5)
    spec = make_spec(GrayScott(feed=0, kill=0), shape=(16, 16), initial_state=start, boundaries=(COLD, COLD))
    assert run(spec, 100).sum() < 0.9 * start.sum()


def plain(model: type[Model]) -> Model:
    """A model of this type without random events, which have a place and so no symmetry."""
    return quiet() if model is Mycelium else model()


def steps_of(state: Floats, model: Model, axis: AxisBoundary = PERIODIC, **settings: Any) -> Array:
    return run(make_spec(model, shape=state.shape[1:], initial_state=state, boundaries=(axis, axis), **settings), 20)


# Transforms add up in an order of their own: their symmetries hold to rounding, see below.
EXPLICITLY = [(model, stepper) for model, stepper in BY_MODEL_AND_STEPPER if stepper in EXPLICIT]
each_explicit = pytest.mark.parametrize(("model", "stepper"), EXPLICITLY, ids=lambda value: getattr(value, "name", ""))


@each_explicit
def test_a_run_tiled_two_by_two_is_the_run_of_the_tiling(model: type[Model], stepper: Stepper) -> None:
    state = rough_state(plain(model), (16, 24))
    tiled = steps_of(np.tile(state, (1, 2, 2)), plain(model), stepper=stepper)
    assert_same_bits(tiled, np.tile(steps_of(state, plain(model), stepper=stepper), (1, 2, 2)))


def mirrored(quarter: Any) -> Any:
    half = np.concatenate([quarter, quarter[:, ::-1]], axis=1)
    return np.concatenate([half, half[:, :, ::-1]], axis=2)


@each_explicit
def test_a_run_between_insulated_walls_is_a_quarter_of_the_mirrored_run(model: type[Model], stepper: Stepper) -> None:
    state = rough_state(plain(model), (16, 24))
    whole = steps_of(mirrored(state), plain(model), stepper=stepper)
    assert_same_bits(whole, mirrored(steps_of(state, plain(model), NO_FLUX, stepper=stepper)))


SYMMETRIES: dict[str, Callable[[Any], Any]] = {
    "quarter_turn": lambda state: np.rot90(state, axes=(1, 2)),
    "half_turn": lambda state: np.rot90(state, 2, axes=(1, 2)),
    "transposition": lambda state: state.transpose(0, 2, 1),
    "reflection": lambda state: state[:, ::-1],
    "translation": lambda state: np.roll(state, (5, -9), (1, 2)),
}


@pytest.mark.parametrize("symmetry", SYMMETRIES)
@each_explicit
def test_symmetries_of_the_grid_commute_with_a_step(model: type[Model], stepper: Stepper, symmetry: str) -> None:
    moved = SYMMETRIES[symmetry]
    state = rough_state(plain(model), (18, 31))
    before = steps_of(np.ascontiguousarray(moved(state)), plain(model), stepper=stepper)
    assert_same_bits(before, np.ascontiguousarray(moved(steps_of(state, plain(model), stepper=stepper))))


@pytest.mark.parametrize("model", TWO_SPECIES, ids=lambda model: model.name)
def test_the_semi_implicit_step_has_the_same_symmetries_to_rounding(model: type[Model]) -> None:
    state = rough_state(model(), (18, 31))
    implicit: dict[str, Any] = {"stepper": Stepper.SEMI_IMPLICIT, "dt": 0.25 * model.default_dt}
    plain_run = steps_of(state, model(), **implicit)
    # 20 steps with a dozen roundings of 1e-16 each, on stable dynamics.
    for moved in SYMMETRIES.values():
        assert np.abs(steps_of(moved(state), model(), **implicit) - moved(plain_run)).max() < 2e-13
    tiled = steps_of(np.tile(state, (1, 2, 2)), model(), **implicit)
    assert np.abs(tiled - np.tile(plain_run, (1, 2, 2))).max() < 2e-13
    between_walls = steps_of(state, model(), NO_FLUX, **implicit)
    assert np.abs(steps_of(mirrored(state), model(), **implicit) - mirrored(between_walls)).max() < 2e-13


@pytest.mark.parametrize("model", TWO_SPECIES, ids=lambda model: model.name)
def test_rows_and_columns_with_unlike_spacing_can_be_exchanged(model: type[Model]) -> None:
    """Not to the bit: the spacing of rows is the unit."""
    state = rough_state(model(), (18, 31))
    one = steps_of(state, model(), spacing=(0.7, 1.3), dt=0.004)
    other = steps_of(state.transpose(0, 2, 1).copy(), model(), spacing=(1.3, 0.7), dt=0.004)
    assert np.abs(other.transpose(0, 2, 1) - one).max() < 1e-13
    assert np.abs(steps_of(state, model(), spacing=(1.3, 0.7), dt=0.004) - one).max() > 1e-3


EDGE = 48
STATES: dict[type[Model], int] = {GrayScott: 1}  # (1, 0) is stable against anything; this is the state with v > 0
LINEARISED = [
    pytest.param(plain(model), STATES.get(model, 0), stepper, id=f"{model.name}-{stepper}")
    for model, stepper in BY_MODEL_AND_STEPPER
]
each_linearised = pytest.mark.parametrize(("model", "index", "stepper"), LINEARISED)


def linearised(model: Model, index: int, mode: tuple[int, int]) -> tuple[Floats, Floats]:
    """The matrices J and mu D of a mode, with the grid's own mu."""
    mu = sum(4 * math.sin(math.pi * number / EDGE) ** 2 for number in mode)
    system = model.turing_system()
    return jacobian_of(model, *system.steady_states[index]), mu * np.diag(system.diffusion)


def growth(model: Model, index: int, mode: tuple[int, int]) -> float:
    """Per time unit, of the equations themselves."""
    jacobian, decay = linearised(model, index, mode)
    return float(np.linalg.eigvals(jacobian - decay).real.max())


def step_matrix(model: Model, index: int, mode: tuple[int, int], stepper: Stepper) -> Floats:
    """What a step multiplies a small mode by."""
    return amplification(*linearised(model, index, mode), model.default_dt, stepper)


def wave(mode: tuple[int, int]) -> Floats:
    angles = np.add.outer(mode[0] * np.arange(EDGE), mode[1] * np.arange(EDGE)) * (2 * math.pi / EDGE)
    return np.asarray(np.cos(angles))


def seeded(model: Model, index: int, mode: tuple[int, int], amplitude: Floats, stepper: Stepper) -> SimulationSpec:
    """A steady state with a mode on it, of one amplitude for each species of the pair."""
    steady = np.array(model.turing_system().steady_states[index])
    state = steady[:, None, None] + amplitude[:, None, None] * wave(mode)
    if isinstance(model, Mycelium):
        state = np.concatenate([np.full((1, EDGE, EDGE), -70.0), state])
    return make_spec(model, shape=(EDGE, EDGE), initial_state=state, stepper=stepper)


def amplitude_after(spec: SimulationSpec, index: int, mode: tuple[int, int], steps: int) -> Floats:
    """The projection on the mode of the pair's distance from its steady state."""
    steady, shape = np.array(spec.model.turing_system().steady_states[index]), wave(mode)
    distance = run(spec, steps)[-2:] - steady[:, None, None]
    return np.asarray((distance * shape).sum(axis=(1, 2)) / (shape * shape).sum())


@each_linearised
def test_the_fastest_mode_grows_at_its_eigenvalue(model: Model, index: int, stepper: Stepper) -> None:
    half = range(EDGE // 2 + 1)
    modes = [(across, down) for across in half for down in half if across >= down]
    mode = max(modes, key=lambda mode: growth(model, index, mode))
    values, vectors = np.linalg.eig(step_matrix(model, index, mode, stepper))
    largest = int(values.argmax())
    rate = model.default_dt * growth(model, index, mode)
    assert mode != (0, 0)
    assert rate > 0
    if stepper is Stepper.EULER:
        assert values[largest] == pytest.approx(1 + rate, rel=1e-12)
    spec = seeded(model, index, mode, 1e-7 * vectors[:, largest], stepper)
    steps = min(1000, round(2 / rate))
    early, late = (np.linalg.norm(amplitude_after(spec, index, mode, n)) for n in (50, 50 + steps))
    # 1e-7 is linear to 1e-14; roundings are some 1e-10 of it, and the logarithm is of order 1.
    assert math.log(late / early) / steps == pytest.approx(math.log(values[largest]), rel=1e-6)


@pytest.mark.parametrize("mode", [(4, 2), (1, 1), (0, 0), (0, 9), (24, 24)], ids=str)
@each_linearised
def test_every_mode_follows_the_linearised_step(
    model: Model, index: int, stepper: Stepper, mode: tuple[int, int]
) -> None:
    """Growing, decaying or turning: after n steps a small amplitude is that of the n-th power of a step's matrix."""
    start = np.array([1e-7, -0.5e-7])
    expected = np.linalg.matrix_power(step_matrix(model, index, mode, stepper), 30) @ start
    measured = amplitude_after(seeded(model, index, mode, start, stepper), index, mode, 30)
    # The second order is 1e-7 of the first where modes (0, 0) feed themselves; roundings are 1e-9.
    assert np.abs(measured - expected).max() < 1e-6 * 1e-7


@pytest.mark.parametrize("model", TWO_SPECIES, ids=lambda model: model.name)
def test_a_uniform_field_follows_the_kinetics_with_an_error_that_halves_with_dt(model: type[Model]) -> None:
    """Euler against an eighth-order integrator of the printed rates; Richardson's extrapolation is of second order."""
    start, time = np.array([0.8, 1.2]), 1.0
    exact = solve_ivp(
        lambda _, y: RATES[model](model(), *y), (0, time), start, method="DOP853", rtol=1e-12, atol=1e-13
    ).y[:, -1]
    dts = [0.002, 0.001]
    state = np.broadcast_to(start[:, None, None], (2, 4, 4)).copy()
    coarse, fine = (run(make_spec(model(), shape=(4, 4), initial_state=state, dt=dt), round(time / dt)) for dt in dts)
    assert all((field == field[0, 0]).all() for field in fine)
    errors = [result[:, 0, 0] - exact for result in (coarse, fine)]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.02)
    assert np.abs(2 * errors[1] - errors[0]).max() < 2e-5
