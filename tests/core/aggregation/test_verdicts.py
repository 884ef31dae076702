import numpy as np
import pytest

from mfn_grpc.core.aggregation import (
    AdaptiveClipping,
    Bucketing,
    CoordinateMedianRule,
    KrumRule,
    MeanRule,
    NearestNeighborMixing,
    StaticClipping,
    VerdictKind,
    aggregate_arrays,
)
from mfn_grpc.core.arrays import Array
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy


def weights(x: Array, *steps: Bucketing | NearestNeighborMixing | StaticClipping) -> Array:
    _, record = aggregate_arrays(x, policy(MeanRule(), 2, *steps))
    return np.array([verdict.weight for verdict in record.verdicts], float)


@pytest.mark.parametrize(
    "steps", [(), (NearestNeighborMixing(),), (StaticClipping(1.5), Bucketing(3), NearestNeighborMixing())]
)
def test_weights_times_updates_are_the_aggregate_of_a_linear_rule(
    steps: tuple[Bucketing | NearestNeighborMixing | StaticClipping, ...],
) -> None:
    x = normal(12, 5)
    found, _ = aggregate_arrays(x, policy(MeanRule(), 2, *steps))
    np.testing.assert_allclose(weights(x, *steps) @ x, found, rtol=1e-12, atol=1e-14)


def test_behind_mixing_a_client_is_judged_by_all_rows_that_it_stands_in() -> None:
    x = normal(9, 4)
    x[2] = 40
    _, record = aggregate_arrays(x, policy(KrumRule(), 2, NearestNeighborMixing()))
    # The oracle's equal means differ in their last bit, the rule's do not.
    mixed = oracles.nearest_neighbor_mixing(x, 2)
    chosen = int(np.argmin(oracles.krum_scores(mixed, 2)))
    nearest = np.argsort([oracles.squared_distance(x[chosen], row) for row in x], kind="stable")[:7]
    accepted = [k for k, verdict in enumerate(record.verdicts) if verdict.kind is VerdictKind.ACCEPTED]
    assert accepted == sorted(nearest.tolist())
    assert [record.verdicts[k].weight for k in accepted] == pytest.approx([1 / 7] * 7)
    scores = np.array([verdict.score for verdict in record.verdicts], float)
    np.testing.assert_allclose(scores, oracles.krum_scores(mixed, 2), rtol=1e-8, atol=1e-28)


def test_the_detail_tells_every_step_with_its_numbers() -> None:
    """The share is a quarter, as of all in the median, of what was left of the update: 3 of 100."""
    x = np.array([[1.0], [2.0], [3.0], [100.0]])
    steps = StaticClipping(50.0), Bucketing(1), AdaptiveClipping()
    _, record = aggregate_arrays(x, policy(CoordinateMedianRule(), 1, *steps))
    assert record.verdicts[3].detail == (
        "shortened from norm 100 to 50; averaged in a group of 1; shortened from norm 50 to 3; "
        "distance to the aggregate 0.5; share 0.0075"
    )
    assert record.verdicts[0].detail == (
        "averaged in a group of 1; distance to the aggregate 1.5; at most 0.5 among those taken"
    )
