import numpy as np
import pytest
from hypothesis import given

from mfn_grpc.core.aggregation import MeanRule, aggregate_arrays
from mfn_grpc.core.arrays import Array
from tests.core.aggregation.cases import normal, policy, updates, vector


@given(updates(1, 20, whole=True))
def test_the_mean_of_whole_numbers_is_their_sum_divided_once(x: Array) -> None:
    assert vector(x, MeanRule(), 0).tolist() == (x.sum(axis=0) / len(x)).tolist()


def test_a_liar_moves_it_without_bound() -> None:
    x = normal(10, 3)
    before = vector(x, MeanRule(), 2)
    x[0] = 1e6
    assert np.abs(vector(x, MeanRule(), 2) - before).min() > 9e4


def test_all_have_the_same_share_and_a_score_that_is_their_distance() -> None:
    x = normal(5, 8)
    found, record = aggregate_arrays(x, policy(MeanRule(), 1))
    assert [verdict.weight for verdict in record.verdicts] == [0.2] * 5
    scores = np.array([verdict.score for verdict in record.verdicts], float)
    np.testing.assert_allclose(scores, np.linalg.norm(x - found, axis=1), rtol=1e-13)


@pytest.mark.parametrize("f", [0, 1, 100])
def test_it_needs_one_update(f: int) -> None:
    assert MeanRule().needed(f) == MeanRule().least(f) == 1
