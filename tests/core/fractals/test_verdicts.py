import math

import pytest

from mfn_grpc.core.fractals import BoxCount, DimensionEstimate, Estimator, Verdict
from mfn_grpc.core.fractals.verdicts import judged


def with_slopes(*slopes: float, ratio: int = 2, half_width: float = 0.01) -> DimensionEstimate:
    """An estimate whose local dimensions are given, and their mean its dimension."""
    used = [BoxCount(ratio**i, 1000, slope, True) for i, slope in enumerate(slopes)]
    scales = (*used, BoxCount(ratio ** len(slopes), 10, None, True), BoxCount(4096, 1, None, False))
    dimension = math.fsum(slopes) / len(slopes)
    low, high = dimension - half_width, dimension + half_width
    return DimensionEstimate(Estimator.BOX_COUNT, dimension, low, high, 0.99, scales, Verdict.UNDEFINED, "")


@pytest.mark.parametrize(("slopes", "verdict", "words"), [
    ((1.5, 1.5, 1.5, 1.5), Verdict.FRACTAL, "1.500 (1.490 to 1.510) is no whole number"),
    ((1.41, 1.6, 1.6, 1.41), Verdict.FRACTAL, "over 5 scales"),
    ((1.39, 1.6, 1.6, 1.39), Verdict.NO_SCALING, "too far for a fractal"),
    ((1.55, 1.53, 1.51, 1.49, 1.46), Verdict.FRACTAL, "no whole number"),
    ((1.56, 1.53, 1.50, 1.47, 1.44), Verdict.NO_SCALING, "drifts by -0.120"),
    ((1.44, 1.47, 1.50, 1.53, 1.56), Verdict.NO_SCALING, "drifts by +0.120"),
    ((1.5, 1.5, 1.5), Verdict.UNDEFINED, "span a factor of 8, short of 10"),
    ((1.5,), Verdict.UNDEFINED, "2 scales are left"),
    ((1.04, 1.04, 1.04, 1.04), Verdict.NOT_FRACTAL, "cannot be told from 1"),
    ((1.96, 1.9, 1.9, 1.84), Verdict.NO_SCALING, "smooth"),
    ((1.2, 1.5, 1.71, 1.5), Verdict.NO_SCALING, "no one power law"),
])  # fmt: skip  # one case a line
def test_what_the_slopes_say_once_chance_is_ruled_out(slopes: tuple[float, ...], verdict: Verdict, words: str) -> None:
    found = judged(with_slopes(*slopes), "")
    assert (found.verdict, words in found.verdict_reason) == (verdict, True), found.verdict_reason


def test_what_would_be_a_fractal_is_undefined_while_chance_is_not_ruled_out() -> None:
    found = judged(with_slopes(1.5, 1.5, 1.5, 1.5))
    assert found.verdict is Verdict.UNDEFINED
    assert found.verdict_reason.endswith("ask for a null comparison")


@pytest.mark.parametrize("slopes", [(1.04,) * 4, (1.96, 1.9, 1.9, 1.84), (1.2, 1.5, 1.71, 1.5)])
def test_what_is_no_fractal_needs_no_chance_patterns(slopes: tuple[float, ...]) -> None:
    assert judged(with_slopes(*slopes)) == judged(with_slopes(*slopes), "")


def test_a_wide_interval_takes_a_whole_number_in() -> None:
    assert judged(with_slopes(1.2, 1.2, 1.2, 1.2, half_width=0.2), "").verdict is Verdict.NOT_FRACTAL
    assert judged(with_slopes(1.2, 1.2, 1.2, 1.2, half_width=0.1), "").verdict is Verdict.FRACTAL


def test_a_decade_of_triadic_scales_is_three_of_them_and_one() -> None:
    assert judged(with_slopes(1.5, 1.5, ratio=3), "").verdict is Verdict.UNDEFINED
    assert judged(with_slopes(1.5, 1.5, 1.5, ratio=3), "").verdict is Verdict.FRACTAL
