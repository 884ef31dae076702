import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import VerdictKind, WeightedMeanRule, aggregate_arrays
from mfn_grpc.core.arrays import Array
from tests.core.aggregation.cases import normal, policy, updates, vector


@given(updates(1, 10), st.data())
def test_weights_above_a_multiple_of_their_median_are_cut_to_it(x: Array, data: st.DataObject) -> None:
    claims = data.draw(st.lists(st.integers(1, 1000), min_size=len(x), max_size=len(x)))
    cut = np.minimum(claims, 2 * np.median(claims))
    found = vector(x, WeightedMeanRule(2.0), 0, weights=claims)
    np.testing.assert_allclose(found, np.average(x, axis=0, weights=cut), rtol=1e-12, atol=1e-9)


def test_one_liar_sets_no_result() -> None:
    x = np.zeros((10, 1))
    x[9] = 1.0
    assert vector(x, WeightedMeanRule(), 0, weights=[1] * 9 + [1e9]) == pytest.approx(10 / 19)


def test_when_all_claim_nothing_all_count_alike() -> None:
    assert vector([[0.0], [3.0], [6.0]], WeightedMeanRule(), 0, weights=[0, 0, 0]).tolist() == [3.0]


@pytest.mark.parametrize(("claims", "found"), [([0, 0, 0, 1], 8.0), ([0, 0, 1, 3], (4 + 2 * 8) / 3)])
def test_who_claims_nothing_has_no_share_and_does_not_move_the_cap(claims: list[float], found: float) -> None:
    """Of 1 and 3 the median is 2, and nobody counts more than once that."""
    x = [[0.0], [2.0], [4.0], [8.0]]
    # Roundoff of one division.
    assert vector(x, WeightedMeanRule(1.0), 0, weights=claims) == pytest.approx(found, rel=1e-15)


def test_a_claim_of_nothing_is_accepted_without_a_share() -> None:
    _, record = aggregate_arrays(normal(3, 2), policy(WeightedMeanRule(), 0), weights=[0, 1, 1])
    assert (record.verdicts[0].kind, record.verdicts[0].weight) == (VerdictKind.ACCEPTED, 0.0)
