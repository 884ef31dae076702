import numpy as np
import pytest
from scipy import stats

from mfn_grpc.core.attacks import ALittleIsEnough, largest_hidden_shift
from mfn_grpc.core.limits import InvalidInput


@pytest.mark.parametrize(
    ("n", "f", "share"),
    [
        # s = floor(n / 2 + 1) - f honest ones complete a majority: (n - f - s) / (n - f).
        (50, 24, 24 / 26),
        (20, 4, 9 / 16),
        (21, 4, 10 / 17),
        (10, 2, 4 / 8),
    ],
)
def test_the_shift_is_the_normal_quantile_of_the_share_that_need_not_be_won(n: int, f: int, share: float) -> None:
    # Two implementations of one quantile agree to a few units of the last digit.
    assert largest_hidden_shift(n, f) == pytest.approx(stats.norm.ppf(share), rel=1e-13, abs=1e-15)


def test_without_a_stated_shift_the_numbers_of_either_kind_decide() -> None:
    honest = np.random.default_rng(0).normal(size=(16, 5))
    expected = honest.mean(axis=0) + stats.norm.ppf(9 / 16) * honest.std(axis=0, ddof=1)
    # Roundoff of sums of 16 numbers of order 1.
    assert ALittleIsEnough()(honest, 4) == pytest.approx(np.array([expected] * 4), abs=1e-14)


@pytest.mark.parametrize(("n", "f"), [(3, 1), (5, 1), (10, 2), (4, 1), (6, 1)])
def test_where_the_formula_gives_no_shift_above_0_it_is_three_tenths(n: int, f: int) -> None:
    assert largest_hidden_shift(n, f) <= 0
    honest = np.random.default_rng(0).normal(size=(n - f, 5))
    expected = honest.mean(axis=0) + 0.3 * honest.std(axis=0, ddof=1)
    # Roundoff of sums of a few numbers of order 1.
    assert ALittleIsEnough()(honest, f) == pytest.approx(np.array([expected] * f), abs=1e-14)


@pytest.mark.parametrize(("honest", "count"), [(4, 5), (4, 8), (1, 1)])
def test_where_there_is_no_such_shift_the_fault_says_so_unless_it_is_stated(honest: int, count: int) -> None:
    rows = np.ones((honest, 2))
    with pytest.raises(InvalidInput, match="majority"):
        ALittleIsEnough()(rows, count)
    assert ALittleIsEnough(1.0)(rows, count).shape == (count, 2)
