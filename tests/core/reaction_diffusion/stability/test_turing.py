import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.reaction_diffusion.stability import (
    Dispersion,
    critical_ratio,
    critical_wavelength,
    is_turing_unstable,
    turing_margin,
)

SCHNAKENBERG = (0.8, 1.0, -1.8, -1.0)
rates = st.floats(0.05, 5.0)


@st.composite
def activator_inhibitor_pairs(draw: st.DrawFn) -> Dispersion:
    """Stable without diffusion, one species activating itself; either species may be it."""
    activation = draw(rates)
    decay = activation + draw(rates)
    product = activation * decay + draw(rates)
    forth = draw(rates) * draw(st.sampled_from([-1, 1]))
    # J = [[activation, forth], [-product/forth, -decay]] has tr J < 0 and det J > 0.
    pair = Dispersion(activation, forth, -product / forth, -decay, draw(rates), draw(rates))
    return Dispersion(pair.gv, pair.gu, pair.fv, pair.fu, pair.dv, pair.du) if draw(st.booleans()) else pair


def with_ratio(pair: Dispersion, ratio: float) -> Dispersion:
    """The pair with the activator's diffusion as it is and the inhibitor's `ratio` times that."""
    if pair.fu > 0:
        return Dispersion(pair.fu, pair.fv, pair.gu, pair.gv, pair.du, pair.du * ratio)
    return Dispersion(pair.fu, pair.fv, pair.gu, pair.gv, pair.dv * ratio, pair.dv)


def largest_growth(pair: Dispersion) -> float:
    """By brute force over wavenumbers around the one that is about to grow, eigenvalues by numpy."""
    centre = math.sqrt(pair.determinant / (pair.du * pair.dv))
    mu = centre * np.concatenate([[0.0], np.geomspace(1e-2, 1e2, 4001)])
    jacobian = np.array([[pair.fu, pair.fv], [pair.gu, pair.gv]])
    return float(np.linalg.eigvals(jacobian - mu[:, None, None] * np.diag([pair.du, pair.dv])).real.max())


@given(activator_inhibitor_pairs())
def test_patterns_grow_just_above_the_critical_ratio_and_not_below(pair: Dispersion) -> None:
    ratio = critical_ratio(pair)
    assert ratio is not None
    assert ratio > 1
    below, above = with_ratio(pair, ratio * 0.99), with_ratio(pair, ratio * 1.01)
    assert not is_turing_unstable(below)
    assert largest_growth(below) < 0
    assert is_turing_unstable(above)
    assert largest_growth(above) > 0


@given(activator_inhibitor_pairs())
def test_the_margin_vanishes_at_the_critical_ratio(pair: Dispersion) -> None:
    ratio = critical_ratio(pair)
    assert ratio is not None
    critical = with_ratio(pair, ratio)
    scale = critical.dv * abs(critical.fu) + critical.du * abs(critical.gv)
    assert abs(turing_margin(critical)) <= 1e-12 * scale


@given(activator_inhibitor_pairs())
def test_the_critical_wavelength_neither_grows_nor_decays(pair: Dispersion) -> None:
    ratio, wavelength = critical_ratio(pair), critical_wavelength(pair)
    assert ratio is not None
    assert wavelength is not None
    critical = with_ratio(pair, ratio)
    k2 = (2 * math.pi / wavelength) ** 2
    size = max(map(abs, (pair.fu, pair.fv, pair.gu, pair.gv))) + k2 * max(critical.du, critical.dv)
    assert abs(float(critical.growth(k2))) <= 1e-12 * size
    for factor in (0.8, 1.25):
        assert float(critical.growth(k2 * factor)) < 0


@given(activator_inhibitor_pairs())
def test_conditions_agree_with_brute_force(pair: Dispersion) -> None:
    growth = largest_growth(pair)
    if abs(growth) > 1e-6:
        assert is_turing_unstable(pair) is (growth > 0)


@pytest.mark.parametrize(
    ("jacobian", "why"),
    [
        ((-1.0, 1.0, -1.0, -1.0), "no species activates itself"),
        ((2.0, 1.0, -4.0, -1.0), "the homogeneous state oscillates"),
        ((0.5, 1.0, 1.0, -1.0), "the homogeneous state is a saddle"),
        ((0.0, 1.0, -1.0, -1.0), "activation is zero"),
        ((0.0, 0.0, 0.0, 0.0), "nothing reacts"),
    ],
)
def test_no_ratio_is_critical_when_diffusion_cannot_destabilise(
    jacobian: tuple[float, float, float, float], why: str
) -> None:
    pair = Dispersion(*jacobian, 1.0, 100.0)
    assert critical_ratio(pair) is None, why
    assert critical_wavelength(pair) is None, why
    assert not is_turing_unstable(pair), why


def test_the_wavelength_grows_with_the_root_of_the_activators_diffusion() -> None:
    one, nine = (critical_wavelength(Dispersion(*SCHNAKENBERG, du, 1.0)) for du in (1.0, 9.0))
    assert one is not None
    assert nine == pytest.approx(3 * one, rel=1e-14)


def test_a_still_activator_has_a_vanishing_wavelength() -> None:
    pair = Dispersion(*SCHNAKENBERG, 0.0, 1.0)
    assert is_turing_unstable(pair)
    assert critical_wavelength(pair) == 0.0
