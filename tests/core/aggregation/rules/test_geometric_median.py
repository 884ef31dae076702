import numpy as np
import pytest
from scipy.optimize import minimize

from mfn_grpc.core.aggregation import GeometricMedianRule, aggregate_arrays
from mfn_grpc.core.arrays import Array
from tests.core.aggregation.cases import normal, policy, vector


def minimal(x: Array, start: Array) -> Array:
    """The least of the summed distances, by a method that knows nothing of Weiszfeld's."""

    def summed(point: Array) -> tuple[float, Array]:
        differences = point - x
        lengths = np.linalg.norm(differences, axis=1)
        return lengths.sum(), (differences / lengths[:, None]).sum(axis=0)

    return np.asarray(minimize(summed, start, jac=True, method="BFGS", options={"gtol": 1e-10}).x)


@pytest.mark.parametrize("seed", range(5))
def test_it_minimises_the_summed_distance(seed: int) -> None:
    """BFGS ends at gradients of about 1e-8; with curvature of about n / spread that is 1e-8 in the point."""
    x = normal(15, 4, seed=seed)
    x[:4] += 30
    found = vector(x, GeometricMedianRule(tolerance=1e-12), 4)
    np.testing.assert_allclose(found, minimal(x, np.median(x, axis=0)), atol=1e-7)


def test_three_corners_of_a_triangle_meet_at_120_degrees() -> None:
    """Fermat's point of an equilateral triangle is its centroid."""
    triangle = np.array([[0, 0], [1, 0], [0.5, np.sqrt(0.75)]])
    found = vector(triangle, GeometricMedianRule(tolerance=1e-14), 1)
    np.testing.assert_allclose(found, triangle.mean(axis=0), atol=1e-13)


def test_a_corner_that_more_than_half_hold_is_the_median() -> None:
    """Smoothing keeps the estimate within about the smoothing times the pull of the others."""
    x = np.array([[1.0, 1]] * 3 + [[5.0, 2], [-3, 7]])
    np.testing.assert_allclose(vector(x, GeometricMedianRule(), 2), [1, 1], atol=1e-5)


def test_a_liar_at_1e20_leaves_it_among_the_others() -> None:
    x = normal(12, 6)
    honest = vector(x, GeometricMedianRule(), 2)
    x[5] = 1e20
    assert np.linalg.norm(vector(x, GeometricMedianRule(), 2) - honest) < 1


def test_one_step_is_one_step() -> None:
    x = normal(6, 3)
    weights = 1 / np.linalg.norm(x - x.mean(axis=0), axis=1)
    expected = weights @ x / weights.sum()
    np.testing.assert_allclose(vector(x, GeometricMedianRule(max_iterations=1), 1), expected, rtol=1e-12)


def test_distances_below_the_smoothing_count_as_it() -> None:
    """In 50 dimensions updates lie about 10 apart, but 7 from their mean: every step is the mean itself."""
    x = normal(8, 50)
    np.testing.assert_allclose(vector(x, GeometricMedianRule(smoothing=1.0), 1), x.mean(axis=0), rtol=1e-9, atol=1e-13)
    assert np.abs(vector(x, GeometricMedianRule(), 1) - x.mean(axis=0)).max() > 1e-3


@pytest.mark.parametrize("exponent", [-12, -8, -1, 3, 12])
def test_updates_in_another_unit_give_the_same_point_in_that_unit(exponent: int) -> None:
    """Powers of ten round every value in its last digit; the iteration ends within 1e-12 of its limit."""
    x, scale, rule = normal(9, 4), 10.0**exponent, GeometricMedianRule(tolerance=1e-12)
    x[:2] += 5
    np.testing.assert_allclose(vector(scale * x, rule, 2) / scale, vector(x, rule, 2), rtol=1e-9)


def test_liars_far_away_do_not_smooth_the_honest_into_a_mean() -> None:
    x = normal(9, 4)
    x[:2] = 1e12
    found = vector(x, GeometricMedianRule(), 2)
    assert np.linalg.norm(found - minimal(x[2:], np.median(x[2:], axis=0))) < 1


def test_what_more_than_half_send_is_the_median_exactly() -> None:
    x = np.array([[0.1, 0.7]] * 3 + [[5.0, 2], [-3, 7]])
    found, record = aggregate_arrays(x, policy(GeometricMedianRule(), 2))
    # Three times a number over three is that number, rounded twice.
    np.testing.assert_allclose(found, x[0], rtol=4e-16)
    assert [verdict.weight for verdict in record.verdicts] == [pytest.approx(1 / 3)] * 3 + [0.0] * 2


def test_shares_sum_to_one_and_fall_with_distance() -> None:
    x = normal(8, 5)
    x[0] += 100
    _, record = aggregate_arrays(x, policy(GeometricMedianRule(), 1))
    shares = [verdict.weight or 0 for verdict in record.verdicts]
    assert sum(shares) == pytest.approx(1, rel=1e-12)
    assert record.accepted == 8
    assert shares[0] < min(shares[1:]) / 10
