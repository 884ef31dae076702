import numpy as np
import pytest

from mfn_grpc.core.aggregation import Bucketing, CovarianceFilterRule, aggregate_arrays
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy, vector


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("f", [1, 3])
def test_it_is_that_of_a_plain_loop_over_the_covariance_matrix(seed: int, f: int) -> None:
    """The eigenvector comes from another matrix; a few steps of the filter multiply its rounding by about 1e3."""
    x = normal(11, 6, seed=seed)
    x[:f] += 5
    found = vector(x, CovarianceFilterRule(), f)
    np.testing.assert_allclose(found, oracles.covariance_filter(x, f), rtol=1e-9, atol=1e-10)


def test_without_faulty_ones_it_is_the_mean() -> None:
    x = normal(9, 4)
    np.testing.assert_allclose(vector(x, CovarianceFilterRule(), 0), x.mean(axis=0), rtol=1e-13)


def test_equal_updates_are_their_own_mean() -> None:
    assert vector(np.full((5, 2), 3.0), CovarianceFilterRule(), 2).tolist() == [3.0, 3.0]


@pytest.mark.parametrize("far", [1e3, 1e20])
def test_colluding_copies_far_away_lose_their_weight(far: float) -> None:
    x = normal(20, 5)
    x[:4] = far
    found, record = aggregate_arrays(x, policy(CovarianceFilterRule(), 4))
    assert [verdict.weight for verdict in record.verdicts[:4]] == [0.0] * 4
    assert np.linalg.norm(found - x[4:].mean(axis=0)) < 1


@pytest.mark.parametrize(("n", "f"), [(2, 2), (3, 2), (2, 3), (1, 1), (5, 9)])
def test_it_stays_among_the_updates_when_no_majority_is_left(n: int, f: int) -> None:
    """Nothing tells the far one from the others then; what comes out is still a mean of some of them."""
    x = np.repeat(np.arange(float(n))[:, None], 3, axis=1)
    x[-1] += 1e100
    found = vector(x, CovarianceFilterRule(), f)
    assert (x.min(axis=0) <= found).all()
    assert (found <= x.max(axis=0)).all()


def test_it_stays_among_means_of_groups_when_no_majority_is_left() -> None:
    x = np.repeat([[0.0], [1.0], [2.0], [1e100]], 3, axis=1)
    found = vector(x, CovarianceFilterRule(), 2, Bucketing(2))
    assert (found >= 0).all()
    assert (found <= 1e100).all()
