"""Moments against scipy."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mfn_grpc.core.features import blocks
from mfn_grpc.core.features.statistics import Moments, moments
from mfn_grpc.core.pieces import finish
from tests.core.features.oracles import ROUNDING, Array, Precision, value_features

SHAPES = [(1, 2), (2, 1), (17, 5), (300, 310)]


def found(field: Array) -> Moments:
    return finish(moments(field))


def as_features(moment: Moments) -> dict[str, float]:
    names = ("minimum", "maximum", "mean", "std", "skewness", "kurtosis")
    keys = ("v_min", "v_max", "v_mean", "v_std", "v_skew", "v_kurt")
    return {key: getattr(moment, name) for key, name in zip(keys, names, strict=True)}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", SHAPES)
def test_moments_are_those_of_scipy(shape: tuple[int, int], dtype: Precision) -> None:
    rng = np.random.default_rng(3)
    field = (rng.gamma(2.0, 4.0, shape) - 60.0).astype(dtype)
    expected = value_features(field)
    for name, value in as_features(found(field)).items():
        assert value == pytest.approx(expected[name], rel=ROUNDING, abs=ROUNDING), name


def test_a_view_with_gaps_has_the_moments_of_its_copy() -> None:
    padded = np.random.default_rng(0).normal(size=(3, 40, 50))
    assert found(padded[1, 1:-1, 1:-1]) == found(padded[1, 1:-1, 1:-1].copy())
    assert found(padded[1].T) == found(padded[1].T.copy())


def test_a_field_that_may_not_be_written_is_read() -> None:
    field = np.arange(12.0).reshape(3, 4)
    field.flags.writeable = False
    assert found(field).mean == 5.5


@pytest.mark.parametrize("cells", [1, 700, 5000])
def test_blocks_leave_no_trace(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    field = np.random.default_rng(1).normal(-60, 5, (64, 70))
    whole = found(field)
    monkeypatch.setattr(blocks, "BLOCK_CELLS", cells)
    assert found(field) == whole


@pytest.mark.parametrize("value", [0.0, -70.1, 1e-300, 1e300])
def test_a_constant_field_has_no_spread_and_no_shape(value: float) -> None:
    moment = found(np.full((37, 41), value))
    assert (moment.minimum, moment.maximum, moment.mean, moment.std) == (value, value, value, 0.0)
    assert math.isnan(moment.skewness)
    assert math.isnan(moment.kurtosis)


def test_a_far_offset_costs_no_digits() -> None:
    # Integers a million million away from 0: every moment is known exactly from those near 0.
    near = np.random.default_rng(2).integers(0, 50, (40, 40)).astype(np.float64)
    expected, moment = value_features(near), found(near + 1e12)
    assert moment.std == pytest.approx(expected["v_std"], rel=ROUNDING)
    assert moment.skewness == pytest.approx(expected["v_skew"], rel=ROUNDING)
    assert moment.kurtosis == pytest.approx(expected["v_kurt"], rel=ROUNDING)


def test_the_mean_is_exact_to_the_last_digit_however_long_the_rows() -> None:
    # A plain sum of 4096 terms is off by tens of roundings; the second pass takes them away.
    field = np.random.default_rng(9).uniform(1e8, 1e8 + 1.0, (3, 4096))
    exact = sum((Fraction(float(value)) for value in field.ravel()), Fraction()) / field.size
    assert abs(found(field).mean - float(exact)) <= np.spacing(1e8)


def test_float32_is_summed_in_double_precision() -> None:
    # 90 000 values near 1e4: float32 has 1e-3 there, and their sum in float32 would be off by far more.
    field = np.random.default_rng(4).normal(1e4, 1.0, (300, 300)).astype(np.float32)
    exact = sum((Fraction(float(value)) for value in field.ravel()), Fraction()) / field.size
    assert found(field).mean == pytest.approx(float(exact), rel=1e-15)


@pytest.mark.parametrize("scale", [1e-310, 1e-160, 1e160, 1e300])
def test_very_small_and_very_large_spreads_keep_their_shape(scale: float) -> None:
    field = np.array([[0.0, 1.0, 1.0], [4.0, 4.0, 1.0]])
    moment, expected = found(field * scale), value_features(field)
    # Below 1e-308 numbers lose digits: 1e-310 has 13 of them left.
    assert moment.std == pytest.approx(expected["v_std"] * scale, rel=1e-12)
    assert moment.skewness == pytest.approx(expected["v_skew"], rel=1e-12)
    assert moment.kurtosis == pytest.approx(expected["v_kurt"], rel=1e-12)


def test_the_largest_doubles_have_moments_as_any_others() -> None:
    moment = found(np.array([[1.7e308, 1.7e308], [1.7e308, -1.7e308]]))
    assert (moment.minimum, moment.maximum) == (-1.7e308, 1.7e308)
    assert moment.mean == pytest.approx(0.85e308, rel=1e-15)
    assert moment.std == pytest.approx(1.7e308 * math.sqrt(0.75), rel=1e-14)
    moment = found(np.where(np.eye(8) > 0, 1e308, 1.1e308))
    assert moment.mean == pytest.approx(1.0875e308, rel=1e-15)


def bernoulli(cells: int) -> tuple[float, float]:
    """Standard deviation, in units of the step, and skewness of one cell of so many a step above the rest."""
    p = 1 / cells
    return math.sqrt(p * (1 - p)), (1 - 2 * p) / math.sqrt(p * (1 - p))


@pytest.mark.parametrize("edge", [3, 33, 257, 512, 1024])
@pytest.mark.parametrize("value", [469834577717.86096, -70.1, 1 / 3, 1e16, 1e300, 2.0, -4.0])
def test_a_field_one_rounding_from_constant_has_its_exact_shape(value: float, edge: int) -> None:
    """The sum of the first pass is off by far more than the spread here."""
    field = np.full((edge, edge), value)
    field[edge // 2, 1] = np.nextafter(value, math.inf)
    moment, (std, skewness) = found(field), bernoulli(field.size)
    assert moment.std == pytest.approx(std * (float(field.max()) - value), rel=1e-9)
    assert moment.skewness == pytest.approx(skewness, rel=1e-9)
    assert moment.kurtosis == pytest.approx(skewness**2 - 2, rel=1e-9)  # Pearson's inequality is an equation for two


def exactly(field: Array) -> tuple[float, float, float, float]:
    """Mean, standard deviation, skewness and excess kurtosis in fractions, rounded at the end."""
    values = [Fraction(float(value)) for value in field.ravel()]
    mean = sum(values, Fraction()) / len(values)
    m2, m3, m4 = (sum(((v - mean) ** k for v in values), Fraction()) / len(values) for k in (2, 3, 4))
    halvings = (m2.numerator.bit_length() - m2.denominator.bit_length()) // 2
    std = math.ldexp(math.sqrt(m2 / Fraction(4) ** halvings), halvings)
    skewness = math.sqrt(m3 * m3 / m2**3) * (1 if m3 >= 0 else -1)
    return float(mean), std, skewness, float(m4 / m2**2 - 3)


NEAR_A_VALUE = st.tuples(
    st.sampled_from([1.0, 2.0, -70.1, 1 / 3, 1e16, 469834577717.86096, 1e-300, 1e300, 1.7e308]),
    arrays.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.integers(-3, 3)),
    st.sampled_from([2.0**-52, 2.0**-40, 1e-6, 1e-2]),
)


@given(NEAR_A_VALUE)
def test_moments_are_those_of_exact_arithmetic_however_near_the_values_are(
    made: tuple[float, Array, float],
) -> None:
    value, steps, step = made
    field = value * (1 + step * steps)
    if field.min() == field.max():
        return
    moment, (mean, std, skewness, kurtosis) = found(field), exactly(field)
    assert moment.mean == pytest.approx(mean, rel=4e-16)  # two roundings
    assert moment.std == pytest.approx(std, rel=1e-13)  # powers of 25 values, centred to a tenth of their spread
    assert moment.skewness == pytest.approx(skewness, rel=1e-12, abs=1e-12)
    assert moment.kurtosis == pytest.approx(kurtosis, rel=1e-12, abs=1e-12)


def test_skewness_is_positive_where_the_tail_is_above() -> None:
    tail_above = np.array([[0.0, 0.0, 0.0, 1.0]])
    assert found(tail_above).skewness == pytest.approx(2 / math.sqrt(3), rel=1e-14)
    assert found(-tail_above).skewness == pytest.approx(-2 / math.sqrt(3), rel=1e-14)


ANY_FIELD = arrays.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.floats(-1e6, 1e6))


@given(ANY_FIELD)
def test_the_mean_lies_between_the_extremes_and_the_spread_within_their_distance(field: Array) -> None:
    moment = found(field)
    assert moment.minimum <= moment.mean <= moment.maximum
    assert 0.0 <= moment.std <= (moment.maximum - moment.minimum) / 2 * (1 + 1e-12)  # Popoviciu's inequality


@given(ANY_FIELD)
def test_kurtosis_is_never_below_what_skewness_demands(field: Array) -> None:
    moment = found(field)
    if moment.std:
        demanded = moment.skewness**2 - 2  # Pearson's inequality, in excess
        assert moment.kurtosis >= demanded - 1e-9 * (1 + abs(demanded))
