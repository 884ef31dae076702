import numpy as np
import pytest

from mfn_grpc.core.aggregation import (
    AggregationPolicy,
    Bucketing,
    BulyanRule,
    KrumRule,
    MeanRule,
    ScreenedBeyondF,
    TooFewUpdates,
    aggregate_arrays,
)
from mfn_grpc.core.arrays import Array
from tests.core.aggregation.cases import normal


def with_liars(n: int, liars: int) -> Array:
    x = normal(n, 2)
    x[:liars, 1] = np.nan
    return x


@pytest.mark.parametrize(
    ("policy", "n", "words"),
    [
        (AggregationPolicy(3, BulyanRule()), 12, r"^bulyan needs 15 updates for f = 3; 12 passed the screens$"),
        (AggregationPolicy(0.3, BulyanRule()), 10, r"no number of updates up to 10000 suffices for f_fraction = 0\.3"),
        # floor(0.4 n) of 9 and 11 is 3 and 4: 2 f + 3 is 9 and 11; of 8 it is 3, of 10 it is 4.
        (AggregationPolicy(0.4, KrumRule()), 8, r"^krum needs 9 updates for f = 3; 8 passed the screens$"),
        # 9 make f = 4, which needs 11; 11 make f = 4.
        (AggregationPolicy(0.45, KrumRule()), 7, r"needs 9 updates for f = 3; .*as f grows with .*, 11 suff"),
        (
            AggregationPolicy(1, KrumRule(), (Bucketing(2),)),
            8,
            r"^krum, behind steps that make 5 of 9, needs 9 updates",
        ),
    ],
)
def test_too_few_updates_say_who_needs_them_and_what_would_do(policy: AggregationPolicy, n: int, words: str) -> None:
    with pytest.raises(TooFewUpdates, match=words):
        aggregate_arrays(normal(n, 2), policy)


@pytest.mark.parametrize(("share", "n"), [(0.4, 9), (0.45, 11)])
def test_what_is_said_to_suffice_does(share: float, n: int) -> None:
    _, found = aggregate_arrays(normal(n, 2), AggregationPolicy(share, KrumRule()))
    assert found.accepted == 1


@pytest.mark.parametrize(
    ("faulty", "words"),
    [
        (1, "; f must be 3 or more for that$"),
        (0.2, r"f_fraction = 0\.2 allows 3 of 15 clients or more, here were 9$"),
        (0.0, "f_fraction must be above 0 for that$"),
    ],
)
def test_too_many_screened_say_what_would_bear_them(faulty: float, words: str) -> None:
    with pytest.raises(ScreenedBeyondF, match=words):
        aggregate_arrays(with_liars(9, 3), AggregationPolicy(faulty, MeanRule()))
    aggregate_arrays(with_liars(15, 3), AggregationPolicy(3 if isinstance(faulty, int) else 0.2, MeanRule()))
