import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import MinimumDiameterRule, TooManyChoices, VerdictKind, aggregate_arrays
from mfn_grpc.core.arrays import Array
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy, updates


@given(updates(1, 9, whole=True), st.integers(0, 4))
def test_it_is_the_first_of_the_sets_with_the_least_diameter(x: Array, f: int) -> None:
    f = min(f, (len(x) - 1) // 2)
    found, record = aggregate_arrays(x, policy(MinimumDiameterRule(), f))
    kept = oracles.closest_set(x, f)
    assert tuple(k for k, v in enumerate(record.verdicts) if v.kind is VerdictKind.ACCEPTED) == kept
    assert found.tolist() == (x[list(kept)].sum(axis=0) / len(kept)).tolist()


def test_too_many_ways_to_choose_are_refused() -> None:
    with pytest.raises(TooManyChoices, match="more than 1000000 ways to choose 12 of 30"):
        aggregate_arrays(normal(30, 2), policy(MinimumDiameterRule(), 12))


def test_the_most_ways_that_are_tried_are_found_without_trying_them() -> None:
    """22 choose 10 is 646,646; two clusters make the answer plain."""
    x = normal(22, 3)
    x[::2][:10] += 100
    _, record = aggregate_arrays(x, policy(MinimumDiameterRule(), 10))
    assert [v.kind is VerdictKind.REJECTED for v in record.verdicts] == [k % 2 == 0 and k < 20 for k in range(22)]


def test_it_needs_a_majority_whether_or_not_the_precondition_is_looked_at() -> None:
    assert MinimumDiameterRule().needed(3) == MinimumDiameterRule().least(3) == 7
    assert np.isclose(MinimumDiameterRule().needed(3, 8), 8)
