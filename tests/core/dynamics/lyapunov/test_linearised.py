import math
from dataclasses import replace

import numpy as np
import pytest

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics.lyapunov.linearised import LinearisedField
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import Model, Mycelium, Precision, Simulation, SimulationSpec, simulate_reference
from tests.core.reaction_diffusion.cases import (
    ALL_MODELS,
    BOUNDARY_NAMES,
    boundaries_of,
    gentle_dt,
    make_spec,
    rough_state,
)

SHAPE = (7, 6)
SPACING = (1.25, 1.5)


def perturbed_spec(model: Model, boundary: str) -> SimulationSpec:
    """A spec whose first state is rough, with events and jitter where the model has them."""
    spacing = (1.0, 1.0) if isinstance(model, Mycelium) else SPACING
    return make_spec(
        model,
        shape=SHAPE,
        spacing=spacing,
        boundaries=boundaries_of(model)[boundary],
        dt=gentle_dt(model, spacing),
        initial_state=rough_state(model, SHAPE),
    )


def tangent_step(spec: SimulationSpec) -> tuple[Array, Array]:
    """Perturbations [2, species, rows, cols] before and after the first step."""
    field, simulation = LinearisedField(spec, 2, seed=5), Simulation(spec)
    before = field.vectors.copy()
    finish(field.advance(simulation.state))
    simulation.advance(1)
    field.clamp(simulation.state)
    return before, field.vectors


def finite_difference(spec: SimulationSpec, change: Array, reach: float) -> Array:
    """Central difference of one step of the numpy reference along a perturbation."""
    assert spec.initial_state is not None
    ends = (
        simulate_reference(replace(spec, initial_state=spec.initial_state + side * reach * change), 1)
        for side in (1, -1)
    )
    above, below = ends
    return (above - below) / (2 * reach)


@pytest.mark.parametrize("boundary", BOUNDARY_NAMES)
@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.name)
def test_a_step_is_the_derivative_of_the_reference(model: type[Model], boundary: str) -> None:
    instance = Mycelium(quantum_jitter=True, spike_probability=1.0) if model is Mycelium else model()
    spec = perturbed_spec(instance, boundary)
    for before, after in zip(*tangent_step(spec), strict=True):
        # The difference errs by reach^2 (1e-12) and by rounding of values up to 95 over reach (1e-8).
        np.testing.assert_allclose(finite_difference(spec, before, 1e-6), after, rtol=0, atol=1e-7)


@pytest.mark.parametrize("model", [Mycelium(turing_enabled=False), Mycelium(reaction_rate=0.0)])
def test_a_pair_that_does_not_react_needs_no_inhibitor(model: Mycelium) -> None:
    state = rough_state(model, SHAPE)
    state[2] = 0
    before, after = tangent_step(make_spec(model, shape=SHAPE, initial_state=state))
    assert np.isfinite(after).all()
    sums = before.sum(axis=(2, 3)), after.sum(axis=(2, 3))
    # Diffusion between periodic edges keeps sums; 84 roundings of values around 3.
    np.testing.assert_allclose(sums[1][:, 1:], sums[0][:, 1:], atol=1e-12)


def test_the_potential_feels_the_activator_above_its_threshold_only() -> None:
    model = Mycelium(alpha=0.0, spike_probability=0.0, leak_rate=0.25)
    state = rough_state(model, SHAPE)
    state[0] = -60
    before, after = tangent_step(make_spec(model, shape=SHAPE, initial_state=state))
    assert state[1].max() < model.turing_threshold
    np.testing.assert_allclose(after[:, 0], 0.75 * before[:, 0], rtol=1e-15)
    state[1, :3] += 1
    before, after = tangent_step(make_spec(model, shape=SHAPE, initial_state=state))
    above = state[1] > model.turing_threshold
    assert 0 < np.count_nonzero(above) < above.size
    expected = 0.75 * before[:, 0] + np.where(above, model.turing_coupling_mv * before[:, 1], 0)
    np.testing.assert_allclose(after[:, 0], expected, rtol=1e-13, atol=1e-14)


def test_where_the_step_clamps_the_potential_its_perturbation_is_lost() -> None:
    state = rough_state(Mycelium(), SHAPE)
    state[0, :3] = 100.0
    state[0, 3] = -200.0
    spec = make_spec(Mycelium(spike_probability=0.0), shape=SHAPE, initial_state=state)
    before, after = tangent_step(spec)
    clamped = np.isin(simulate_reference(spec, 1)[0], (-95.0, 40.0))
    assert 0 < np.count_nonzero(clamped) < clamped.size
    assert np.all(after[:, 0, clamped] == 0)
    assert np.all(after[:, 0, ~clamped] != 0)
    np.testing.assert_allclose(finite_difference(spec, before[0], 1e-6), after[0], rtol=0, atol=1e-7)


def test_a_float32_field_is_linearised_in_double_precision() -> None:
    spec = make_spec(ALL_MODELS[1](), shape=SHAPE, precision=Precision.FLOAT32)
    _, after = tangent_step(spec)
    assert after.dtype == np.float64


def test_renormalised_perturbations_are_orthonormal_and_keep_their_volume() -> None:
    field = LinearisedField(make_spec(ALL_MODELS[1](), shape=SHAPE), 4, seed=2)
    before = field.vectors.reshape(4, -1).copy()
    growth = np.zeros(4)
    finish(field.renormalise(growth))
    after = field.vectors.reshape(4, -1)
    np.testing.assert_allclose(after @ after.T, np.eye(4), atol=1e-15)
    assert growth.sum() == pytest.approx(0.5 * np.linalg.slogdet(before @ before.T).logabsdet, rel=1e-13)
    lengths = np.abs(np.diag(np.linalg.qr(before.T).R))
    assert np.exp(growth) == pytest.approx(lengths, rel=1e-13)


def test_huge_and_tiny_perturbations_are_renormalised_without_overflow() -> None:
    for size in (1e300, 1e-300):
        field = LinearisedField(make_spec(ALL_MODELS[1](), shape=SHAPE), 1, seed=2)
        field.vectors *= size
        growth = np.zeros(1)
        finish(field.renormalise(growth))
        length = math.sqrt(2 * SHAPE[0] * SHAPE[1])
        assert growth[0] == pytest.approx(math.log(size) + math.log(length), abs=0.5)
        assert np.linalg.norm(field.vectors) == pytest.approx(1, rel=1e-14)


def test_a_perturbation_that_vanished_has_grown_by_minus_infinity_and_another_goes_on() -> None:
    field = LinearisedField(make_spec(ALL_MODELS[1](), shape=SHAPE), 2, seed=2)
    field.vectors[1] = 0
    growth = np.zeros(2)
    finish(field.renormalise(growth))
    assert growth[1] == -math.inf
    flat = field.vectors.reshape(2, -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(2), atol=1e-15)


def test_a_perturbation_along_the_others_has_vanished_however_it_rounds() -> None:
    field = LinearisedField(make_spec(ALL_MODELS[1](), shape=SHAPE), 4, seed=2)
    field.vectors[3] = 0.3 * field.vectors[0] - 0.7 * field.vectors[1] + 1.1 * field.vectors[2]
    growth = np.zeros(4)
    finish(field.renormalise(growth))
    assert np.isfinite(growth[:3]).all()
    assert growth[3] == -math.inf
    flat = field.vectors.reshape(4, -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(4), atol=1e-15)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_perturbation_that_is_not_finite_has_no_growth_and_stays(value: float) -> None:
    field = LinearisedField(make_spec(ALL_MODELS[1](), shape=SHAPE), 1, seed=2)
    field.vectors[0, 1, 2, 3] = value
    growth = np.zeros(1)
    finish(field.renormalise(growth))
    assert math.isnan(growth[0])
    assert not np.isfinite(field.vectors).all()
