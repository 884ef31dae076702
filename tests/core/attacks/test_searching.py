import math

import pytest

from mfn_grpc.core.attacks.searching import REFINEMENTS, most_damaging


@pytest.mark.parametrize("peak", [0.3, 1.7, 11.0, -0.3, -7.0])
def test_a_single_peak_is_found_to_two_per_cent(peak: float) -> None:
    found = most_damaging(lambda factor: -abs(math.log(factor / peak)) if factor * peak > 0 else -99.0, 20.0, 12)
    # The bracket of two ratios of 400^(1/11), shortened by golden sections.
    bracket = 400 ** (2 / 11) * abs(peak) * 0.618 ** (REFINEMENTS + 1)
    assert found == pytest.approx(peak, abs=bracket)


def test_of_equal_damages_the_smallest_positive_factor_is_taken() -> None:
    assert most_damaging(lambda _: 1.0, 20.0, 12) == pytest.approx(20 / 400, rel=1e-12)


def test_a_cliff_beyond_the_best_that_was_tried_does_not_lose_it() -> None:
    """Damage grows up to 4.9, where the rule finds the attackers out."""
    tried = dict[float, float]()

    def damage(factor: float) -> float:
        tried[factor] = factor if factor < 4.9 else 0.0
        return tried[factor]

    found = most_damaging(damage, 20.0, 12)
    assert tried[found] == max(tried.values())
    assert 4.5 < found < 4.9


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_factor_is_within_reach_of_either_sign_and_none_beyond_it(sign: int) -> None:
    tried = list[float]()

    def damage(factor: float) -> float:
        tried.append(factor)
        return sign * factor

    # The end of a geometric row of floats is the number it was made for, up to roundoff.
    assert most_damaging(damage, 7.0, 5) == pytest.approx(7.0 * sign, rel=1e-14)
    assert max(map(abs, tried)) <= 7.0 * (1 + 1e-14)
