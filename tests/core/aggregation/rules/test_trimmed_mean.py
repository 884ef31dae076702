from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import FractionRounding, TooFewUpdates, TrimmedMeanRule, VerdictKind, aggregate_arrays
from mfn_grpc.core.arrays import Array
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy, updates, vector

HUNDREDTHS = st.integers(0, 49).map(lambda share: share / 100)


@given(updates(1, 20), st.integers(0, 9))
def test_exactly_f_values_are_dropped_on_each_side(x: Array, f: int) -> None:
    f = min(f, (len(x) - 1) // 2)
    assert vector(x, TrimmedMeanRule(), f).tolist() == oracles.trimmed_mean(x, f).tolist()


@pytest.mark.parametrize(("n", "f"), [(100, 20), (100, 0), (101, 50), (300, 60)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_that_of_a_plain_loop_over_many_blocks(n: int, f: int, dtype: type) -> None:
    x = normal(n, 1500, dtype=dtype)
    assert vector(x, TrimmedMeanRule(), f).tolist() == oracles.trimmed_mean(x, f).tolist()


def test_29_hundredths_of_100_are_29_and_in_binary_28() -> None:
    assert TrimmedMeanRule(0.29).dropped(100, 0) == 29
    assert TrimmedMeanRule(0.29, FractionRounding.BINARY_FLOOR).dropped(100, 0) == 28


@given(HUNDREDTHS, st.integers(1, 400))
def test_a_share_is_rounded_up_in_exact_decimals(share: float, n: int) -> None:
    exact = Fraction(round(share * 100), 100) * n
    assert TrimmedMeanRule(share).dropped(n, 7) == -(-exact.numerator // exact.denominator)


@given(HUNDREDTHS, st.integers(0, 20), st.integers(1, 300))
def test_what_it_needs_is_the_first_number_that_leaves_a_value(share: float, f: int, at_least: int) -> None:
    rule = TrimmedMeanRule(share)
    leaving = next(n for n in range(max(at_least, 2 * f + 1), 2000) if n > 2 * rule.dropped(n, f))
    assert rule.needed(f, at_least) == leaving


def test_a_share_that_leaves_nothing_is_an_error_that_names_a_number_that_does() -> None:
    with pytest.raises(TooFewUpdates) as refused:
        aggregate_arrays(normal(4, 2), policy(TrimmedMeanRule(0.45), 1, ignore_precondition=True))
    assert (refused.value.needed, refused.value.present) == (11, 4)
    assert vector(normal(11, 2), TrimmedMeanRule(0.45), 1).tolist() == oracles.median(normal(11, 2)).tolist()


def test_one_who_is_always_an_extreme_has_no_part() -> None:
    x = normal(9, 200)
    x[4] += 1000
    _, record = aggregate_arrays(x, policy(TrimmedMeanRule(), 1))
    assert (record.verdicts[4].kind, record.verdicts[4].weight) == (VerdictKind.REJECTED, 0.0)
    assert (record.accepted, record.rejected) == (8, 1)
    # 7 of 9 values of each coordinate are taken.
    assert sum(verdict.weight or 0 for verdict in record.verdicts) == pytest.approx(7 / 9, rel=1e-12)


def test_equal_updates_all_have_part() -> None:
    _, record = aggregate_arrays(np.ones((5, 3)), policy(TrimmedMeanRule(), 2))
    assert [verdict.weight for verdict in record.verdicts] == [0.2] * 5
