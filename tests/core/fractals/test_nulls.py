import math

import numpy as np
import pytest
import scipy.ndimage
from scipy.special import ive

from mfn_grpc.core.fractals import DimensionEstimate, Estimator, NullModel, NullOptions, Verdict
from mfn_grpc.core.fractals.nulls import (
    chance_pattern,
    compare,
    correlation_length,
    diffusion_time,
    time_for,
    with_comparison,
)
from mfn_grpc.core.pieces import finish
from tests.core.fractals.cases import Array, noise

WHITE = 1 - math.exp(-1)


def length(field: Array) -> float:
    return finish(correlation_length(field))


def pattern(shape: tuple[int, int], cells: int, time: float, seed: int = 0, sample: int = 0) -> Array:
    return finish(chance_pattern(shape, cells, time, seed, sample))


def length_by_loop(field: Array) -> float:
    """Sums of products lag by lag, along both axes."""
    field = field - field.mean()
    found = []
    for lines in (field, field.T):
        size = lines.shape[1]
        products = [(lines[:, : size - lag] * lines[:, lag:]).sum() / (size - lag) for lag in range(size // 2 + 1)]
        correlation = np.array(products) / products[0]
        after = int(np.argmax(correlation <= math.exp(-1)))
        found.append(np.interp(-math.exp(-1), -correlation[[after - 1, after]], [after - 1, after]))
    return float(np.mean(found))


@pytest.mark.parametrize("shape", [(60, 60), (37, 90)])
@pytest.mark.parametrize("width", [0, 1, 4])
def test_the_correlation_length_is_that_of_a_plain_loop(shape: tuple[int, int], width: float) -> None:
    field = scipy.ndimage.gaussian_filter(np.random.default_rng(0).standard_normal(shape), width, mode="wrap")
    assert length(field) == pytest.approx(length_by_loop(field), rel=1e-9)  # sums in another order


def test_a_wave_is_correlated_over_the_part_of_its_length_where_its_cosine_falls_to_1_over_e() -> None:
    wave = np.cos(2 * np.pi * np.arange(400) / 40)[None, :] * np.ones((400, 1))
    along = 40 * math.acos(math.exp(-1)) / (2 * math.pi)
    across = 200  # constant along columns: as long as lags go
    assert length(wave) == pytest.approx((along + across) / 2, rel=0.01)  # ten whole waves, straight lines between lags


def test_white_noise_is_correlated_over_less_than_a_cell() -> None:
    assert length(np.random.default_rng(0).standard_normal((500, 500))) == pytest.approx(WHITE, abs=0.01)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (7, 7)])
def test_a_constant_field_is_correlated_over_nothing(shape: tuple[int, int]) -> None:
    assert length(np.full(shape, 3.0)) == 0
    assert length(np.ones(shape, np.bool_)) == 0


@pytest.mark.parametrize("cells", [0.8, 1.0, 2.5, 10.0, 100.0])
def test_noise_diffuses_until_its_correlation_is_1_over_e_at_the_length(cells: float) -> None:
    time = diffusion_time(cells)
    lags = np.arange(int(cells) + 3)
    correlation = ive(lags, 4 * time) / ive(0, 4 * time)
    assert np.interp(cells, lags, correlation) == pytest.approx(math.exp(-1), rel=1e-9)


def test_long_lengths_need_the_time_of_the_continuum() -> None:
    """exp(-r^2 / 8t) is 1/e at r^2 = 8t."""
    assert diffusion_time(200.0) == pytest.approx(200**2 / 8, rel=1e-3)


@pytest.mark.parametrize("cells", [0.0, 0.3, WHITE])
def test_lengths_of_white_noise_and_less_need_no_diffusion(cells: float) -> None:
    assert diffusion_time(cells) == 0


@pytest.mark.parametrize("cells", [2.0, 6.0])
def test_diffused_noise_has_the_correlation_length_it_was_diffused_to(cells: float) -> None:
    """Measured on the thresholded pattern, whose correlation is 2/pi arcsin of the noise's: at half the cells."""
    mask = pattern((600, 600), 180_000, diffusion_time(cells))
    time = diffusion_time(cells)
    lags = np.arange(4 * int(cells))
    of_pattern = 2 / math.pi * np.arcsin(ive(lags, 4 * time) / ive(0, 4 * time))
    expected = np.interp(-math.exp(-1), -of_pattern, lags)
    assert length(mask) == pytest.approx(expected, rel=0.05)  # some 10^4 independent patches


@pytest.mark.parametrize("time", [0.0, 0.3, 50.0])
@pytest.mark.parametrize("cells", [1, 17, 1000, 2499, 2500])
def test_a_pattern_has_exactly_the_cells_asked_for(time: float, cells: int) -> None:
    mask = pattern((50, 50), cells, time)
    assert (mask.dtype, mask.shape) == (np.dtype(np.bool_), (50, 50))
    assert mask.sum() == cells


def test_a_pattern_holds_the_highest_cells_of_its_noise() -> None:
    low, high = (pattern((64, 64), cells, 4.0) for cells in (400, 900))
    assert not (low & ~high).any()


def test_noise_that_diffused_to_one_value_still_gives_the_cells_asked_for() -> None:
    assert pattern((16, 16), 100, 1e9).sum() == 100
    assert pattern((1, 1), 1, 5.0).sum() == 1


def test_patterns_are_those_of_their_seed_and_number() -> None:
    first = pattern((40, 30), 300, 2.0)
    np.testing.assert_array_equal(pattern((40, 30), 300, 2.0), first)
    assert (pattern((40, 30), 300, 2.0, seed=1) != first).any()
    assert (pattern((40, 30), 300, 2.0, sample=1) != first).any()


def test_undiffused_patterns_are_uniform() -> None:
    """Each cell is as likely as any other; tolerance: five standard errors of 400 patterns."""
    share = np.mean([pattern((12, 12), 36, 0.0, sample=n) for n in range(400)], axis=0)
    assert np.abs(share - 0.25).max() < 5 * math.sqrt(0.25 * 0.75 / 400)


def test_shuffled_patterns_are_not_diffused_whatever_the_field() -> None:
    field = np.add.outer(np.arange(30.0), np.arange(30.0))
    assert finish(time_for(field, NullModel.SHUFFLED)) == 0
    assert finish(time_for(field, NullModel.DIFFUSION)) > 1


def test_the_p_value_is_the_share_of_patterns_as_far_from_their_mean() -> None:
    others = [1.0, 1.1, 1.2, 1.3, 1.4]
    found = compare(1.31, others, NullOptions(samples=10))
    assert found.dimension_mean == pytest.approx(1.2)
    assert found.dimension_std == pytest.approx(np.std(others, ddof=1))
    assert found.p_value == 0.4
    assert (found.samples, found.null_model) == (10, NullModel.DIFFUSION)
    assert compare(9.0, others, NullOptions()).p_value == 0
    assert compare(1.2, others, NullOptions()).p_value == 1
    assert compare(1.4, others, NullOptions()).p_value == 0.4  # 1.0 is as far, but for rounding


def test_patterns_without_a_dimension_are_left_out() -> None:
    found = compare(1.5, [1.0, math.nan, 2.0], NullOptions())
    assert (found.dimension_mean, found.p_value) == (1.5, 1)
    for others in ([math.nan, math.nan], [1.0, math.nan]):
        found = compare(1.5, others, NullOptions())
        assert all(math.isnan(number) for number in (found.dimension_mean, found.dimension_std, found.p_value))


def estimated(verdict: Verdict) -> DimensionEstimate:
    return DimensionEstimate(Estimator.BOX_COUNT, 1.5, 1.4, 1.6, 0.99, (), verdict, "as it was")


@pytest.mark.parametrize(("verdict", "others", "expected"), [
    (Verdict.FRACTAL, [1.4, 1.5, 1.6], Verdict.LIKE_NULL),
    (Verdict.NO_SCALING, [1.4, 1.5, 1.6], Verdict.LIKE_NULL),
    (Verdict.UNDEFINED, [1.4, 1.5, 1.6], Verdict.UNDEFINED),
    (Verdict.FRACTAL, [1.8, 1.81, 1.82], Verdict.FRACTAL),
    (Verdict.FRACTAL, [math.nan] * 3, Verdict.FRACTAL),
])  # fmt: skip  # one case a line
def test_what_chance_gives_as_well_is_like_the_null(verdict: Verdict, others: list[float], expected: Verdict) -> None:
    comparison = compare(1.5, others, NullOptions())
    found = with_comparison(estimated(verdict), comparison, 0.95)
    assert found.verdict is expected
    assert found.null_comparison is comparison
    assert ("chance patterns" in found.verdict_reason) == (expected is Verdict.LIKE_NULL)


def test_large_patterns_are_made_in_pieces() -> None:
    assert sum(1 for _ in chance_pattern((4096, 2048), 1000, 2.0, 0, 0)) > 16
    assert sum(1 for _ in correlation_length(noise(2048, 0.5))) > 4
