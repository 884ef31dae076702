"""Shares of n as whole numbers, in exact decimal arithmetic.

0.29 of 100 is 29, although the double nearest to 0.29 times 100 falls short of it: a share means what its shortest
decimal text says.
"""

from fractions import Fraction


def exact(share: float) -> Fraction:
    """The number that the shortest text of `share` says; `share` is finite."""
    return Fraction(repr(float(share)))


def floor_of(share: float, n: int) -> int:
    """floor(share n), exactly."""
    return int(exact(share) * n // 1)


def ceiling_of(share: float, n: int) -> int:
    """ceil(share n), exactly."""
    return -int(-exact(share) * n // 1)
