import numpy as np
import pytest

from mfn_grpc.core.aggregation import (
    Bucketing,
    CoordinateMedianRule,
    KrumRule,
    MeanRule,
    TooFewUpdates,
    aggregate_arrays,
)
from mfn_grpc.core.aggregation.preaggregators.base import Mixing
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.randomness import Stream, generator
from tests.core.aggregation.cases import normal, policy, vector
from tests.core.aggregation.seeing import seen_of


def groups(n: int, size: int, seed: int, round_number: int) -> list[Array]:
    order = generator(seed, Stream.BUCKETS, step=round_number).permutation(n)
    dealt = [np.sort(order[first : first + size]) for first in range(0, n, size)]
    return sorted(dealt, key=lambda members: int(members[0]))


@pytest.mark.parametrize(("n", "size"), [(10, 2), (11, 3), (5, 1), (4, 9)])
@pytest.mark.parametrize("round_number", [0, 5])
def test_groups_are_dealt_anew_each_round_and_averaged(n: int, size: int, round_number: int) -> None:
    x = normal(n, 3)
    link = finish(Bucketing(size, seed=8).prepare(seen_of(x, 1, round_number)))
    assert isinstance(link, Mixing)
    expected = [x[members].mean(axis=0) for members in groups(n, size, 8, round_number)]
    np.testing.assert_allclose(link.apply(x.copy()), expected, rtol=1e-14)


def test_the_rule_sees_as_many_rows_as_there_are_groups() -> None:
    x = normal(11, 7)
    expected = np.median([x[members].mean(axis=0) for members in groups(11, 2, 0, 0)], axis=0)
    np.testing.assert_allclose(vector(x, CoordinateMedianRule(), 1, Bucketing()), expected, rtol=1e-13)


def test_the_precondition_is_that_of_the_groups() -> None:
    """Krum with f = 1 needs 5 rows: four full groups of 2 and a fifth begun."""
    with pytest.raises(TooFewUpdates) as refused:
        aggregate_arrays(normal(8, 2), policy(KrumRule(), 1, Bucketing()))
    assert (refused.value.needed, refused.value.present, refused.value.f) == (9, 8, 1)
    aggregate_arrays(normal(9, 2), policy(KrumRule(), 1, Bucketing()))


def test_a_client_has_the_score_and_its_part_of_the_share_of_its_group() -> None:
    x = normal(10, 3)
    found, record = aggregate_arrays(x, policy(KrumRule(), 1, Bucketing()))
    parts = groups(10, 2, 0, 0)
    chosen = [k for k, members in enumerate(parts) if np.allclose(x[members].mean(axis=0), found)]
    for k, members in enumerate(parts):
        verdicts = [record.verdicts[member] for member in members]
        assert [verdict.weight for verdict in verdicts] == [0.5 if k in chosen else 0.0] * 2
        assert verdicts[0].score == verdicts[1].score
        assert verdicts[0].detail.startswith("averaged in a group of 2; ")


def test_the_mean_of_equal_groups_is_the_mean() -> None:
    x = normal(12, 4)
    np.testing.assert_allclose(vector(x, MeanRule(), 0, Bucketing(3)), x.mean(axis=0), rtol=1e-12)
