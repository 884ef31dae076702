"""The known answers: three updates in equal steps, one of them NaN, one of them enormous."""

from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.aggregation import (
    CoordinateMedianRule,
    KrumNeighbors,
    KrumRule,
    MeanRule,
    MultiKrumRule,
    NearestNeighborMixing,
    Rule,
    TrimmedMeanRule,
    VerdictKind,
    VerdictReason,
    aggregate_arrays,
)
from mfn_grpc.core.aggregation.preaggregators.base import Mixing
from mfn_grpc.core.pieces import finish
from tests.core.aggregation.cases import COLUMN_OF_NINE, policy, vector
from tests.core.aggregation.seeing import seen_of

MEAN_OF_NEAREST = KrumNeighbors.MEAN_N_MINUS_F_MINUS_1


@pytest.mark.parametrize("rule", [MeanRule(), CoordinateMedianRule(), TrimmedMeanRule()])
def test_mean_median_and_trimmed_mean_of_three_in_a_row_are_the_one_in_the_middle(rule: Rule) -> None:
    assert vector(COLUMN_OF_NINE, rule, 1).tolist() == [4, 5, 6]


@pytest.mark.parametrize("neighbors", KrumNeighbors)
def test_krum_of_three_in_a_row_is_a_tie_that_falls_to_the_first(neighbors: KrumNeighbors) -> None:
    assert vector(COLUMN_OF_NINE, KrumRule(neighbors), 1).tolist() == [1, 2, 3]


def test_multi_krum_of_three_in_a_row_averages_the_first_two() -> None:
    assert vector(COLUMN_OF_NINE, MultiKrumRule(MEAN_OF_NEAREST), 1).tolist() == [2.5, 3.5, 4.5]


def test_mixing_three_in_a_row_gives_the_first_two_one_mean() -> None:
    link = finish(NearestNeighborMixing().prepare(seen_of(COLUMN_OF_NINE, 1)))
    assert isinstance(link, Mixing)
    mixed = link.apply(np.array(COLUMN_OF_NINE))
    assert mixed.tolist() == [[2.5, 3.5, 4.5], [2.5, 3.5, 4.5], [5.5, 6.5, 7.5]]


@pytest.mark.parametrize("liar", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_krum_never_picks_an_update_that_is_not_finite(liar: float, dtype: Any) -> None:
    x = np.array([[1, 1], [1.1, 1], [0.9, 1], [1, 1.1], [liar, 0]], dtype)
    found, record = aggregate_arrays(x, policy(KrumRule(), 1))
    assert found.tolist() == [1, 1]
    assert [(v.kind, v.reason) for v in record.verdicts][4] == (VerdictKind.SCREENED, VerdictReason.NOT_FINITE)
    assert record.verdicts[4].detail == f"element 0 is {liar}"
    assert (record.accepted, record.rejected, record.screened, record.f) == (1, 3, 1, 0)


def test_the_trimmed_mean_keeps_its_digits_beside_an_enormous_value() -> None:
    assert vector([[1.0], [2.0], [3.0], [4.0], [1e30]], TrimmedMeanRule(), 1).tolist() == [3]
