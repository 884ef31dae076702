from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation.shares import ceiling_of, floor_of


@given(st.integers(0, 4999), st.integers(1, 10_000))
def test_shares_of_four_decimals_are_rounded_as_the_fractions_that_they_say(digits: int, n: int) -> None:
    exact = Fraction(digits, 10_000) * n
    share = digits / 10_000
    assert floor_of(share, n) == exact.numerator // exact.denominator
    assert ceiling_of(share, n) == -(-exact.numerator // exact.denominator)


@pytest.mark.parametrize(
    ("share", "n", "floor", "ceiling"), [(0.29, 100, 29, 29), (0.07, 100, 7, 7), (1e-5, 100_000, 1, 1)]
)
def test_what_binary_arithmetic_gets_wrong(share: float, n: int, floor: int, ceiling: int) -> None:
    assert (floor_of(share, n), ceiling_of(share, n)) == (floor, ceiling)
