"""Squared distances are right to 1e-9 whatever the updates are; the oracle adds up squares in long double."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation.blocks import width_for
from mfn_grpc.core.arrays import Array
from tests.core.aggregation.cases import normal, updates
from tests.core.aggregation.seeing import geometry_of

PRECISIONS = pytest.mark.parametrize("dtype", [np.float32, np.float64])
LIAR = {np.float32: 1e20, np.float64: 1e100}


def direct(x: Array) -> Array:
    wide = x.astype(np.longdouble)
    return np.array([[((a - b) ** 2).sum() for b in wide] for a in wide])


def assert_right(x: Array) -> None:
    found = geometry_of(x).between
    # A difference in float64 of updates that are 1e-4 apart is exact or nearly so; 1e-9 is what is promised.
    np.testing.assert_allclose(found, direct(x).astype(np.float64), rtol=1e-9, atol=0)
    np.testing.assert_array_equal(found, found.T)


@PRECISIONS
def test_of_updates_close_together_far_from_zero(dtype: Any) -> None:
    assert_right((1 + normal(12, 900, spread=1e-4)).astype(dtype))


@PRECISIONS
@pytest.mark.parametrize("place", range(5))
def test_one_liar_far_away_spoils_no_honest_distance(dtype: Any, place: int) -> None:
    x = (1 + normal(9, 700, spread=1e-4)).astype(dtype)
    x[place] = LIAR[dtype]
    assert_right(x)


@PRECISIONS
def test_nor_does_one_of_the_median_norm_who_points_elsewhere(dtype: Any) -> None:
    """It becomes the reference by its norm, from which all others look alike."""
    x = (np.linspace(1, 1.001, 9)[:, None] * (1 + normal(9, 500, spread=1e-6))).astype(dtype)
    x[4] *= -1
    assert_right(x)


@PRECISIONS
def test_nor_do_colluders_who_are_close_together(dtype: Any) -> None:
    x = normal(12, 300, dtype=dtype)
    x[:5] = (1e6 + normal(5, 300, seed=1, spread=1.0)).astype(dtype)
    assert_right(x)


@PRECISIONS
def test_nor_do_small_updates_lose_digits_beside_large_ones(dtype: Any) -> None:
    """Their differences have more digits than single precision holds."""
    x = normal(12, 300, dtype=dtype)
    x[:5] = normal(5, 300, seed=1, spread=1e-6).astype(dtype)
    assert_right(x)


@PRECISIONS
@pytest.mark.parametrize("value", [0.0, 0.1, 1e15])
def test_equal_updates_are_exactly_0_apart(dtype: Any, value: float) -> None:
    x = normal(8, 400, dtype=dtype)
    x[[1, 4, 6]] = x[2] + dtype(value)
    found = geometry_of(x).between
    equal = found[np.ix_([1, 4, 6], [1, 4, 6])]
    assert equal.tolist() == [[0.0] * 3] * 3
    assert_right(x)


@given(updates(1, 8), st.sampled_from([1e-30, 1.0, 1e30]), st.sampled_from([0.0, 1.0, 1e8]))
def test_of_any_updates(x: Array, scale: float, shift: float) -> None:
    assert_right((x + shift) * scale)


def test_over_many_blocks() -> None:
    n = 40
    x = normal(n, 2 * width_for(n) + 77, dtype=np.float32)
    found = geometry_of(x).between
    wide = x.astype(np.float64)
    for i, j in ((0, 1), (3, 39), (20, 21)):
        assert found[i, j] == pytest.approx(((wide[i] - wide[j]) ** 2).sum(), rel=1e-12)


def test_more_rows_than_a_panel_holds() -> None:
    assert_right(normal(300, 20))


def test_norms_are_those_of_the_rows() -> None:
    x = normal(6, 50)
    np.testing.assert_allclose(geometry_of(x).norms, np.linalg.norm(x, axis=1), rtol=1e-14)


def test_distances_from_a_point_are_those_of_the_space_itself() -> None:
    """From inner products: half of the digits of the largest distance are kept at worst."""
    x, weights = normal(7, 9), np.random.default_rng(5).dirichlet(np.ones(7))
    geometry = geometry_of(x)
    point = np.append(weights, 0.0)
    expected = np.linalg.norm(x - weights @ x, axis=1)
    np.testing.assert_allclose(geometry.distances_from(point), expected, rtol=1e-12)
    assert geometry.length(point - np.append(np.zeros(7), 1.0)) == pytest.approx(np.linalg.norm(weights @ x), rel=1e-12)


def test_mapped_rows_have_the_geometry_of_what_they_are() -> None:
    x, matrix = normal(6, 8), np.random.default_rng(2).uniform(0, 0.2, (4, 6))
    mapped = geometry_of(x).mapped(matrix, 1 - matrix.sum(axis=1))
    expected = geometry_of(matrix @ x)
    np.testing.assert_allclose(mapped.between, expected.between, rtol=1e-11)
    np.testing.assert_allclose(mapped.norms, expected.norms, rtol=1e-11)


def test_rows_that_are_mapped_alike_are_exactly_0_apart() -> None:
    matrix = np.array([[0.1, 0.2, 0.7], [0.1, 0.2, 0.7], [1, 0, 0]])
    mapped = geometry_of(normal(3, 5)).mapped(matrix, np.zeros(3))
    assert mapped.between[0, 1] == 0.0
    assert mapped.between[0, 2] > 0
