import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mfn_grpc.core.limits import limits_of
from mfn_grpc.core.reaction_diffusion import (
    MODELS,
    Brusselator,
    FitzhughNagumo,
    GiererMeinhardt,
    GrayScott,
    Model,
    Mycelium,
    Schnakenberg,
    Species,
    TwoSpeciesModel,
    analyze,
)
from tests.core.reaction_diffusion.cases import ALL_MODELS, RATES, TWO_SPECIES, jacobian_of, make_spec

each_model = pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.name)


def test_models_stand_in_the_order_of_the_protocol() -> None:
    order = ["mycelium", "gray_scott", "schnakenberg", "gierer_meinhardt", "brusselator", "fitzhugh_nagumo"]
    assert list(MODELS) == order
    assert [model.name for model in ALL_MODELS] == order


@each_model
def test_a_model_says_what_people_need_to_know(model: type[Model]) -> None:
    for text in (model.title, model.equations, model.reference):
        assert text
        assert text == text.strip()
    assert all(species.name and species.unit for species in model.species)
    assert model.__doc__


@each_model
def test_every_parameter_has_a_range_that_holds_its_default(model: type[Model]) -> None:
    limits = limits_of(model)
    assert list(limits) == [field.name for field in fields(model)]
    for name, limit in limits.items():
        assert limit.minimum <= getattr(model(), name) <= limit.maximum
        assert limit.description
        assert limit.unit
    assert model().violations() == []


@each_model
def test_the_default_time_step_is_stable(model: type[Model]) -> None:
    report = analyze(make_spec(model()))
    assert report.dt == model.default_dt
    assert report.dt_is_stable


def test_two_species_are_u_and_v_and_the_mycelium_has_a_potential() -> None:
    for model in TWO_SPECIES:
        assert model.species == (Species("u"), Species("v"))
    assert Mycelium.species == (Species("potential_mv", "mV"), Species("activator"), Species("inhibitor"))


@each_model
def test_parameters_cannot_be_changed(model: type[Model]) -> None:
    name = fields(model)[0].name
    with pytest.raises(AttributeError):
        setattr(model(), name, 0.0)


def moderate(model: type[Model]) -> st.SearchStrategy[Model]:
    """The model with parameters from 0.1 to 3 where they are allowed, so that no term dwarfs another."""
    ranges = {name: (max(0.1, limit.minimum), min(3.0, limit.maximum)) for name, limit in limits_of(model).items()}
    return st.builds(model, **{name: st.floats(*ends) for name, ends in ranges.items()})


@settings(max_examples=100)
@given(st.sampled_from(TWO_SPECIES).flatmap(moderate), st.floats(0.1, 3), st.floats(0.1, 3))
def test_kinetics_are_those_of_the_literature(model: TwoSpeciesModel, u: float, v: float) -> None:
    rates, printed = model.kinetics(u, v, model.coefficients()), RATES[type(model)](model, u, v)
    # No term exceeds 300, so that a handful of roundings stays below 1e-12.
    assert rates == pytest.approx(printed, rel=0, abs=1e-12)


@each_model
def test_steady_states_are_at_rest(model: type[Model]) -> None:
    states = model().turing_system().steady_states
    assert len(states) == (3 if model is GrayScott else 1)
    for u, v in states:
        assert RATES[model](model(), u, v) == pytest.approx((0, 0), abs=2e-15)


@each_model
def test_jacobians_are_the_derivatives_of_the_kinetics(model: type[Model]) -> None:
    system = model().turing_system()
    for (u, v), jacobian in zip(system.steady_states, system.jacobians, strict=True):
        assert jacobian == pytest.approx(jacobian_of(model(), u, v), rel=1e-13, abs=1e-15)


@settings(max_examples=100)
@given(st.sampled_from([Schnakenberg, GiererMeinhardt, Brusselator]), st.floats(0.01, 10), st.floats(0.01, 10))
def test_the_only_steady_state_is_at_rest_whatever_the_parameters(model: type[Any], a: float, b: float) -> None:
    instance: TwoSpeciesModel = model(a=a) if model is GiererMeinhardt else model(a=a, b=b)
    ((u, v),) = instance.steady_states()
    for rate, terms in zip(
        RATES[model](instance, u, v), ((a, u, b * u, u * u * v), (u * u * v, b * u, v)), strict=True
    ):
        assert abs(rate) < 1e-14 * max(terms)
    assert instance.jacobian(u, v) == pytest.approx(jacobian_of(instance, u, v), rel=1e-12, abs=1e-12)


@settings(max_examples=200)
@given(st.floats(1e-6, 1), st.floats(0, 1))
def test_gray_scott_has_three_steady_states_exactly_where_the_feed_suffices(feed: float, kill: float) -> None:
    removal = feed + kill
    excess = feed - 4 * removal * removal
    assume(abs(excess) > 1e-12)
    states = GrayScott(feed=feed, kill=kill).steady_states()
    assert states[0] == (1.0, 0.0)
    assert len(states) == (3 if excess > 0 else 1)
    if len(states) == 3:
        # From R v^2 - F v + F R = 0; the roots of a general solver lose half their digits where they meet.
        expected = sorted(np.roots([removal, -feed, feed * removal]).real, reverse=True)
        assert [v for _, v in states[1:]] == pytest.approx(expected, rel=1e-5)
        for u, v in states[1:]:
            assert u * v == pytest.approx(removal, rel=1e-14)
            assert feed * (1 - u) == pytest.approx(u * v * v, rel=1e-9, abs=1e-15 * feed)


@pytest.mark.parametrize(
    ("feed", "kill", "states"),
    [
        (0.0, 0.0, 1),
        (0.0, 0.05, 1),
        (0.25, 0.0, 3),  # the two coincide
        (1e-17, 0.0, 3),  # (F - root) / 2 R would be 0
        (1e-200, 0.0, 3),  # F^2 would be 0
        (5e-324, 0.0, 3),
        (5e-324, 1e-5, 1),
        (0.037, 0.060, 1),
        (0.029, 0.057, 1),
    ],
)
def test_gray_scott_has_finite_steady_states_at_the_ends_of_its_ranges(feed: float, kill: float, states: int) -> None:
    model = GrayScott(feed=feed, kill=kill)
    found = model.steady_states()
    assert len(found) == states
    assert all(math.isfinite(value) and value >= 0 for state in found for value in state)
    assert found[1:] == tuple(sorted(found[1:], key=lambda state: -state[1]))
    if kill == 0 and 0 < feed < 0.1:
        assert found[2] == pytest.approx((1, feed), rel=1e-9)
    assert analyze(make_spec(model, dt=0.01)).dt_is_stable


@settings(max_examples=300)
@given(st.floats(-10, 10), st.floats(0.01, 10), st.floats(-10, 10))
def test_fitzhugh_nagumo_has_the_steady_states_of_its_cubic(a: float, b: float, current: float) -> None:
    """u - u^3/3 + I = (u + a)/b, by the eigenvalues of a companion matrix; roots that nearly meet are left out."""
    roots = np.roots([-1 / 3, 0, 1 - 1 / b, current - a / b])
    gaps = [abs(one - other) for i, one in enumerate(roots) for other in roots[:i]]
    assume(min(gaps) > 1e-4)
    expected = sorted(root.real for root in roots if abs(root.imag) < 1e-9)
    model = FitzhughNagumo(a=a, b=b, current=current)
    assert [u for u, _ in model.steady_states()] == pytest.approx(expected, rel=1e-8, abs=1e-8)
    for u, v in model.steady_states():
        assert b * v == pytest.approx(u + a, abs=1e-12 * (abs(u) + 10 * b))


def test_fitzhugh_nagumo_can_have_three_steady_states() -> None:
    (low, rest, high) = FitzhughNagumo(b=2.0).steady_states()
    root = math.sqrt(1.5)  # u (1/2 - u^2/3) = 0
    assert low == pytest.approx((-root, -root / 2), rel=1e-14)
    assert not any(rest)
    assert high == pytest.approx((root, root / 2), rel=1e-14)


@pytest.mark.parametrize("b", [0.0, 5e-324, 1e-320, 1e-200, 1e-17])
@pytest.mark.parametrize("a", [0.0, 10.0, -3.3])
def test_fitzhugh_nagumo_without_recovery_rests_at_minus_a(a: float, b: float) -> None:
    model = FitzhughNagumo(a=a, b=b, current=1.0)
    ((u, v),) = model.steady_states()
    assert u == pytest.approx(-a, rel=1e-14, abs=1e-16)
    assert v == pytest.approx(-a + a**3 / 3 + 1.0, rel=1e-13)
    analyze(make_spec(model, dt=1e-4))


@pytest.mark.parametrize("model", [Schnakenberg, GiererMeinhardt, Brusselator, FitzhughNagumo])
def test_these_start_within_a_hundredth_of_their_steady_state(model: type[TwoSpeciesModel]) -> None:
    state = model().initial_state(4, (50, 60))
    assert state.shape == (2, 50, 60)
    distance = state - np.array(model().steady_states()[0])[:, None, None]
    assert 0.0099 < np.abs(distance).max() <= 0.01 + 1e-15
    # Uniform noise of +- 0.01 has the spread 0.01 / sqrt 3; five standard errors of 3,000 values are 3.6 %.
    assert distance.std(axis=(1, 2)) == pytest.approx(0.01 / math.sqrt(3), rel=0.036)
    assert abs(np.corrcoef(distance[0].ravel(), distance[1].ravel())[0, 1]) < 5 / math.sqrt(3000)


@pytest.mark.parametrize(("shape", "squares"), [((256, 256), 16), ((128, 64), 2), ((40, 40), 1), ((4, 4), 1)])
def test_gray_scott_starts_with_seeded_squares(shape: tuple[int, int], squares: int) -> None:
    u, v = GrayScott().initial_state(2, shape)
    seeded = v > 0.1
    assert (seeded == (u < 0.75)).all()
    edge = max(2, min(10, min(shape) // 4))
    assert edge * edge <= seeded.sum() <= squares * edge * edge
    assert seeded.sum() > 0.7 * squares * edge * edge  # a few overlap
    for field, seed, rest in ((u, 0.5, 1.0), (v, 0.25, 0.0)):
        noise = field - np.where(seeded, seed, rest)
        assert noise.min() >= 0
        assert noise.max() < 0.01 + 1e-15
        assert noise.max() > 0.005


def test_the_mycelium_starts_at_rest_with_a_spread_of_5_mv() -> None:
    potential, activator, inhibitor = Mycelium(activator_source=0.2).initial_state(1, (128, 128))
    assert abs(potential.mean() + 70) < 5 * 5 / 128
    assert abs(potential.std() - 5) < 5 * 5 / math.sqrt(2 * 128**2)
    assert potential.min() >= -95
    for field, steady in ((activator, 1.2), (inhibitor, 1.44)):
        assert 0.0099 < np.abs(field - steady).max() <= 0.01 + 1e-15


@each_model
def test_initial_states_follow_from_the_seed_alone(model: type[Model]) -> None:
    first, again, other = (model().initial_state(seed, (20, 30)) for seed in (5, 5, 6))
    assert first.dtype == np.float64
    assert first.shape == (len(model.species), 20, 30)
    assert first.tobytes() == again.tobytes()
    assert all((first[s] != other[s]).mean() > 0.99 for s in range(len(first)))


def test_the_mycelium_pair_is_gierer_meinhardt_slowed_down() -> None:
    model = Mycelium(activator_source=0.3, reaction_rate=0.02)
    system, pair = model.turing_system(), GiererMeinhardt(a=0.3).turing_system()
    assert system.species == ("activator", "inhibitor")
    assert system.diffusion == (model.activator_diffusion, model.inhibitor_diffusion)
    assert system.steady_states == pair.steady_states
    assert system.jacobians[0] == pytest.approx(0.02 * pair.jacobians[0], rel=1e-15)


def test_without_turing_the_pair_has_no_steady_state() -> None:
    system = Mycelium(turing_enabled=False).turing_system()
    assert system.steady_states == system.jacobians == ()
    assert system.diffusion == Mycelium().turing_system().diffusion


@pytest.mark.parametrize(("leak_rate", "largest"), [(0.0, 0.25), (0.02, 0.2475), (0.5, 0.1875), (1.0, 0.125)])
def test_the_leak_lowers_the_largest_alpha(leak_rate: float, largest: float) -> None:
    model = Mycelium(leak_rate=leak_rate, alpha=largest)
    assert model.violations() == []
    (violation,) = replace(model, alpha=largest + 1e-6).violations()
    assert violation.field == "alpha"
    assert f"to {largest}" in violation.description or f"at most {largest} " in violation.description
