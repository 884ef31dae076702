import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.dynamics import LyapunovExponents
from mfn_grpc.core.dynamics import field_exponents as field_pieces
from mfn_grpc.core.dynamics.lyapunov.linearised import LinearisedField
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import (
    MODELS,
    AxisBoundary,
    FitzhughNagumo,
    GiererMeinhardt,
    GrayScott,
    Mycelium,
    Schnakenberg,
    Simulation,
    SimulationSpec,
    Stepper,
    TwoSpeciesModel,
)
from tests.core.reaction_diffusion.cases import NO_FLUX, PERIODIC, fixed, make_spec

UNIT = 1000.0
WALLS = AxisBoundary(fixed(0.0, 0.0), fixed(0.0, 0.0))

# Eigenvalues of the second difference with n cells, by boundary: waves that fit (Strang, SIAM Review 41:135, 1999).
ANGLES: dict[str, Callable[[int], Any]] = {
    "periodic": lambda n: 2 * np.pi * np.arange(n) / n,
    "no_flux": lambda n: np.pi * np.arange(n) / n,
    "fixed": lambda n: np.pi * np.arange(1, n + 1) / n,
}
AXES = {"periodic": PERIODIC, "no_flux": NO_FLUX, "fixed": WALLS}


def field_exponents(spec: SimulationSpec, count: int = 1, **settings: Any) -> LyapunovExponents:
    return finish(field_pieces(spec, count, **settings))


def laplacian_eigenvalues(spec: SimulationSpec, kinds: tuple[str, str]) -> Any:
    """All eigenvalues of the five-point Laplacian, flat."""
    axes = [
        -4 / dx**2 * np.sin(ANGLES[kind](n) / 2) ** 2
        for kind, n, dx in zip(kinds, spec.shape, spec.spacing, strict=True)
    ]
    return np.add.outer(*axes).ravel()


def rates_of_modes(spec: SimulationSpec, kinds: tuple[str, str], jacobian: Any) -> Any:
    """ln|1 + dt sigma| / dt of every eigenvalue sigma of J + mu D, falling."""
    assert isinstance(spec.model, TwoSpeciesModel)
    diffusion = np.diag([spec.model.diffusion_u, spec.model.diffusion_v])
    matrices = np.asarray(jacobian) + laplacian_eigenvalues(spec, kinds)[:, None, None] * diffusion
    factors = 1 + spec.time_step * np.linalg.eigvals(matrices)
    return np.sort(np.log(np.abs(factors)).ravel())[::-1] / spec.time_step


@pytest.mark.parametrize("kinds", [("periodic", "periodic"), ("no_flux", "periodic"), ("fixed", "no_flux")])
def test_heat_spreads_at_the_rates_of_the_discrete_modes(kinds: tuple[str, str]) -> None:
    spec = make_spec(
        GrayScott(feed=0.0, kill=0.0),
        shape=(5, 4),
        spacing=(1.0, 1.5),
        boundaries=(AXES[kinds[0]], AXES[kinds[1]]),
        initial_state=np.zeros((2, 5, 4)),
    )
    expected = rates_of_modes(spec, kinds, np.zeros((2, 2)))
    # As many as there are above a gap: within a group of equal rates the vectors need not sort themselves out.
    count = 1 + int(np.argmax(expected[2:10] - expected[3:11])) + 2
    found = field_exponents(spec, count, steps=200, transient=5000)
    # By then other modes are below rounding; what is left is that of 20 renormalisations.
    assert found.per_time == pytest.approx(expected[:count], abs=1e-13)


def test_a_stable_homogeneous_state_recovers_at_the_rate_of_its_slowest_mode() -> None:
    """Just below the Turing instability (critical ratio 8.57), the slowest mode is a wave along the rows."""
    model = Schnakenberg(diffusion_v=8.0)
    (state,) = model.steady_states()
    shape = (6, 11)
    start = np.broadcast_to(np.asarray(state)[:, None, None], (2, *shape))
    spec = make_spec(model, shape=shape, initial_state=start)
    expected = rates_of_modes(spec, ("periodic", "periodic"), [[0.8, 1.0], [-1.8, -1.0]])
    assert -0.1 < expected[1] <= expected[0] < 0
    found = field_exponents(spec, 2, steps=500, transient=12_000, every=100)
    # The next modes fall behind by 0.06 a time unit, to e^-14 in the transient's 240; they enter squared.
    assert found.per_time == pytest.approx(expected[:2], rel=1e-9)
    assert found.per_step == pytest.approx([model.default_dt * rate for rate in found.per_time], rel=1e-12)


def test_an_unstable_state_grows_at_the_rate_of_its_fastest_mode() -> None:
    model = FitzhughNagumo(diffusion_v=30.0)
    start = np.zeros((2, 4, 8))
    spec = make_spec(model, shape=(4, 8), dt=0.005, initial_state=start)
    expected = rates_of_modes(spec, ("periodic", "periodic"), [[1.0, -1.0], [4.0, -2.0]])
    assert expected[0] > 0.05
    found = field_exponents(spec, 1, steps=1000, transient=20_000)
    # The field itself stays at rest exactly: (0, 0) has no rounding to grow from.
    assert found.per_time == pytest.approx(expected[:1], rel=1e-9)


@pytest.mark.parametrize("model", [Schnakenberg(), GiererMeinhardt()], ids=lambda model: model.name)
def test_on_a_field_that_varies_in_space_and_time_two_nearby_runs_part_at_the_measured_rate(
    model: TwoSpeciesModel,
) -> None:
    """A rough state on its way to a pattern: the tangents are those of the state of every step."""
    steps, reach, shape = 400, 1e-5, (2, 16, 16)
    level = np.array(model.steady_states()[0])[:, None, None]
    start = level * (1 + 0.3 * np.random.default_rng(3).uniform(-1, 1, shape))
    spec = make_spec(model, shape=shape[1:], initial_state=start, seed=3)
    direction = LinearisedField(spec, 1, 3).vectors[0]
    direction /= np.linalg.norm(direction)
    ends = [Simulation(replace(spec, initial_state=start + side * reach * direction)) for side in (1, -1)]
    for end in ends:
        end.advance(steps)
    growth = math.log(np.linalg.norm(ends[0].state - ends[1].state) / (2 * reach)) / steps
    found = field_exponents(spec, steps=steps, transient=0)
    # The difference errs by reach^2 and by rounding over reach, 1e-10 of e^(400 rate); tangents that stayed at the
    # first state, or at that of another step, would be off by 1e-3 or 1e-5.
    assert found.per_step[0] == pytest.approx(growth, abs=1e-10)


@dataclass(frozen=True)
class ThousandthsGrayScott(GrayScott):
    """Gray-Scott with u and v in thousandths of their unit: the same fields, written in other numbers."""

    name = "gray_scott_in_thousandths"

    @staticmethod
    def kinetics(u: Any, v: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        feed, removal, supply, per_square = coefficients
        conversion = u * v * v * per_square
        return (supply - feed * u) - conversion, conversion - removal * v

    @staticmethod
    def kinetics_tangent(u: Any, v: Any, du: Any, dv: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
        feed, removal, _, per_square = coefficients
        conversion = per_square * v * (v * du + 2 * u * dv)
        return -feed * du - conversion, conversion - removal * dv

    def coefficients(self) -> tuple[float, ...]:
        return self.feed, self.feed + self.kill, self.feed * UNIT, UNIT**-2

    def steady_states(self) -> tuple[tuple[float, float], ...]:
        return GrayScott(feed=self.feed, kill=self.kill).steady_states()

    def jacobian(self, u: float, v: float) -> Any:
        return GrayScott(feed=self.feed, kill=self.kill).jacobian(u, v)

    def start(self, state: Any, seed: int) -> Any:
        yield from super().start(state, seed)
        state *= UNIT


@pytest.fixture
def both_units(monkeypatch: pytest.MonkeyPatch) -> tuple[SimulationSpec, SimulationSpec]:
    monkeypatch.setitem(MODELS, ThousandthsGrayScott.name, ThousandthsGrayScott)
    spec = SimulationSpec(GrayScott(), shape=(12, 12), seed=4)
    return spec, replace(spec, model=ThousandthsGrayScott())


def mean_log_of_step_differences(spec: SimulationSpec, steps: int) -> float:
    """The famous wrong estimator: it looks at the field, not at perturbations of it."""
    simulation, logs = Simulation(spec), []
    for _ in range(steps):
        before = simulation.state.copy()
        simulation.advance(1)
        logs.append(math.log(np.abs(simulation.state - before).mean()))
    return float(np.mean(logs))


def test_exponents_do_not_know_the_unit_of_the_field(both_units: tuple[SimulationSpec, SimulationSpec]) -> None:
    one, other = (field_exponents(spec, 2, steps=500, transient=500) for spec in both_units)
    # The two fields differ in rounding alone.
    assert other.per_step == pytest.approx(one.per_step, rel=1e-9)


def test_the_mean_log_of_step_differences_moves_with_the_unit(
    both_units: tuple[SimulationSpec, SimulationSpec],
) -> None:
    one, other = (mean_log_of_step_differences(spec, 200) for spec in both_units)
    assert other - one == pytest.approx(math.log(UNIT), rel=1e-9)
    truth = field_exponents(both_units[0], steps=200, transient=0).per_step[0]
    assert abs(one - truth) > 1
    assert abs(other - truth) > 1


def test_a_mycelium_without_turing_forgets_at_its_leak() -> None:
    """Potential: 1 - leak a step for the homogeneous mode; activator and inhibitor only diffuse, their means stay."""
    model = Mycelium(turing_enabled=False, spike_probability=0.5, quantum_jitter=True, leak_rate=0.05)
    found = field_exponents(make_spec(model, shape=(4, 4), seed=3), 3, steps=200, transient=4000)
    assert found.per_step[:2] == pytest.approx([0, 0], abs=1e-12)
    # The next, the slowest wave of the activator, falls by ln(1 - 0.01 * 2) a step.
    assert found.per_step[2] == pytest.approx(math.log1p(-0.02), abs=1e-9)


def test_the_mycelium_has_exponents_of_its_random_orbit() -> None:
    spec = make_spec(Mycelium(quantum_jitter=True), shape=(8, 8), seed=2)
    found = field_exponents(spec, steps=100, transient=100)
    assert math.isfinite(found.per_step[0])
    assert found.per_step == field_exponents(spec, steps=100, transient=100).per_step
    assert found.per_step != field_exponents(replace(spec, seed=3), steps=100, transient=100).per_step


def test_a_field_that_diverges_has_no_exponents() -> None:
    start = np.full((2, 4, 4), 1e200)
    found = field_exponents(make_spec(GrayScott(), shape=(4, 4), initial_state=start), 2, steps=100, transient=0)
    assert all(math.isnan(rate) for rate in (*found.per_step, *found.per_time, *found.standard_error))
    assert found.undefined_reason == "the field stopped being finite by step 10"


def test_other_steppers_are_refused_with_the_other_faults() -> None:
    spec = SimulationSpec(GrayScott(), shape=(2, 8), stepper=Stepper.RK4)
    with pytest.raises(InvalidInput) as caught:
        field_exponents(spec, 33, steps=0)
    assert {violation.field for violation in caught.value.violations} == {"steps", "stepper", "grid.shape[0]", "count"}
    assert "must be EULER" in str(caught.value)


def test_an_unstable_spec_is_refused() -> None:
    with pytest.raises(InvalidInput, match="dt"):
        field_exponents(SimulationSpec(GrayScott(), shape=(8, 8), dt=2.0))


def test_more_numbers_than_a_slice_can_step_are_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidInput, match="shrink the grid or ask for fewer exponents"):
        field_exponents(SimulationSpec(GrayScott(), shape=(1024, 1024)), 3)


def test_every_step_pauses() -> None:
    spec = make_spec(GrayScott(), shape=(8, 8))
    assert sum(1 for _ in field_pieces(spec, steps=10, transient=5)) >= 15
