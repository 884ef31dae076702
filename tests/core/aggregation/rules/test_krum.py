from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import KrumNeighbors, KrumRule, VerdictKind, aggregate_arrays
from mfn_grpc.core.aggregation.rules.scores import krum_scores
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import finish
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy, updates, vector
from tests.core.aggregation.seeing import geometry_of


@given(updates(1, 12, whole=True), st.integers(0, 4), st.booleans())
def test_krum_is_the_papers_with_every_tie_to_the_first(x: Array, f: int, mean: bool) -> None:
    """Whole numbers: all distances and sums are exact, so ties are ties in both."""
    neighbors = KrumNeighbors.MEAN_N_MINUS_F_MINUS_1 if mean else KrumNeighbors.SUM_N_MINUS_F_MINUS_2
    assert vector(x, KrumRule(neighbors), f).tolist() == oracles.krum(x, f, mean=mean).tolist()


@given(updates(2, 12), st.integers(0, 3))
def test_scores_are_those_of_a_plain_loop(x: Array, f: int) -> None:
    """Squared distances are right to 1e-9, and so are their sums."""
    found = finish(krum_scores(geometry_of(x).between, f, KrumNeighbors.SUM_N_MINUS_F_MINUS_2))
    np.testing.assert_allclose(found, oracles.krum_scores(x, f), rtol=2e-9, atol=1e-300)


def test_the_two_conventions_can_pick_differently() -> None:
    """Two pairs: the closer one wins by its nearest neighbour, the middle of the others by its two nearest."""
    x = np.array([[0.0], [0.1], [5.0], [6.0], [7.0]])
    assert vector(x, KrumRule(), 2).tolist() == [0.0]
    assert vector(x, KrumRule(KrumNeighbors.MEAN_N_MINUS_F_MINUS_1), 2).tolist() == [6.0]


@pytest.mark.parametrize(("f", "needed"), [(0, 3), (1, 5), (20, 43)])
def test_it_needs_two_f_and_three(f: int, needed: int) -> None:
    assert KrumRule().needed(f) == needed
    assert KrumRule().needed(f, needed + 4) == needed + 4
    assert KrumRule().least(f) == 1


def test_the_record_names_the_picked_one_and_its_score() -> None:
    x = normal(7, 5)
    x[2] += 100
    _, record = aggregate_arrays(x, policy(KrumRule(), 1))
    scores = oracles.krum_scores(x, 1)
    chosen = scores.index(min(scores))
    for k, verdict in enumerate(record.verdicts):
        assert verdict.kind is (VerdictKind.ACCEPTED if k == chosen else VerdictKind.REJECTED)
        assert verdict.weight == (1.0 if k == chosen else 0.0)
        assert verdict.score == pytest.approx(scores[k], rel=2e-9)
        assert verdict.norm == pytest.approx(np.linalg.norm(x[k]), rel=1e-14)
    assert record.verdicts[2].detail == (
        f"sum of squared distances to the 4 nearest others {scores[2]:.6g}; "
        f"at most {scores[chosen]:.6g} among those taken"
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_updates_that_are_close_together_do_not_confuse_it(dtype: Any) -> None:
    """Weights about 1 with a spread of 1e-4, where distances in single precision cancel."""
    for seed in range(10):
        x = (1 + normal(10, 2000, seed=seed, spread=1e-4)).astype(dtype)
        scores = oracles.krum_scores(x, 2)
        assert vector(x, KrumRule(), 2).tolist() == x[scores.index(min(scores))].tolist()
