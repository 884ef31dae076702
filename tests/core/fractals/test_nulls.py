import math

import numpy as np
import pytest
import scipy.integrate
import scipy.ndimage
import scipy.stats
from scipy.special import ive

from mfn_grpc.core.fractals import BoxCountOptions, DimensionEstimate, NullModel, NullOptions, Verdict
from mfn_grpc.core.fractals.nulls import (
    chance_pattern,
    compare,
    correlation_above,
    correlation_length,
    diffusion_time,
    time_for,
    with_comparison,
)
from mfn_grpc.core.pieces import finish
from tests.core.fractals.cases import Array, disc, estimate, noise, triangle

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


@pytest.mark.parametrize("share", [1e-6, 0.01, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("correlation", [0.0, 0.05, 0.5, 0.9, 0.999, 1.0])
def test_whether_gaussians_exceed_a_level_is_correlated_as_their_joint_distribution_says(
    correlation: float, share: float
) -> None:
    """The probability that both exceed it, by adaptive quadrature of one given the other."""
    level = scipy.stats.norm.isf(share)

    def both(first: float) -> float:
        given = (level - correlation * first) / math.sqrt(1 - correlation**2)
        return float(scipy.stats.norm.pdf(first) * scipy.stats.norm.sf(given))

    joint = share if correlation == 1 else scipy.integrate.quad(both, level, level + 12, epsabs=0, limit=200)[0]
    expected = (joint - share**2) / (share * (1 - share))
    # The difference of two probabilities loses the digits that they share.
    assert correlation_above(np.array([correlation]), share)[0] == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_at_the_median_it_is_the_arc_sine_law() -> None:
    correlation = np.linspace(0, 1, 11)
    expected = 2 / math.pi * np.arcsin(correlation)
    np.testing.assert_allclose(correlation_above(correlation, 0.5), expected, rtol=1e-13)


@pytest.mark.parametrize("cells", [0.8, 1.0, 2.5, 10.0, 100.0])
def test_noise_diffuses_until_its_mask_is_correlated_by_1_over_e_at_the_length(cells: float) -> None:
    time = diffusion_time(cells, 0.5)
    lags = np.arange(int(cells) + 3)
    correlation = 2 / math.pi * np.arcsin(ive(lags, 4 * time) / ive(0, 4 * time))
    assert np.interp(cells, lags, correlation) == pytest.approx(math.exp(-1), rel=1e-9)


def test_long_lengths_need_the_time_of_the_continuum() -> None:
    """exp(-r^2 / 8t) is sin(pi / 2e), of which the arc sine law makes 1/e."""
    expected = -(200**2) / 8 / math.log(math.sin(math.pi / (2 * math.e)))
    assert diffusion_time(200.0, 0.5) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("cells", [0.0, 0.3, WHITE])
@pytest.mark.parametrize("share", [1e-6, 0.5, 1 - 1e-6])
def test_lengths_of_white_noise_and_less_need_no_diffusion(cells: float, share: float) -> None:
    assert diffusion_time(cells, share) == 0


@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
@pytest.mark.parametrize("cells", [2.0, 6.0])
def test_patterns_have_the_correlation_length_they_were_made_for(cells: float, share: float) -> None:
    mask = pattern((600, 600), int(share * 360_000), diffusion_time(cells, share))
    assert length(mask) == pytest.approx(cells, rel=0.05)  # some 10^3 independent patches of the rarer kind


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_patterns_for_a_mask_of_smooth_noise_are_as_coarse_as_the_mask(share: float) -> None:
    white = np.random.default_rng(0).standard_normal((600, 600))
    field = scipy.ndimage.gaussian_filter(white, 3, mode="wrap")
    mask = field > np.quantile(field, 1 - share)
    assert length(mask) < 0.9 * length(field)
    made = pattern((600, 600), int(mask.sum()), finish(time_for(mask, NullModel.DIFFUSION)))
    assert length(made) == pytest.approx(length(mask), rel=0.05)


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


def test_shuffled_patterns_are_not_diffused_whatever_the_set() -> None:
    mask = np.add.outer(np.arange(30), np.arange(30)) > 30
    assert finish(time_for(mask, NullModel.SHUFFLED)) == 0
    assert finish(time_for(mask, NullModel.DIFFUSION)) > 1


@pytest.mark.parametrize("value", [False, True])
def test_no_patterns_differ_from_a_set_without_cells_or_gaps(value: bool) -> None:
    assert finish(time_for(np.full((9, 9), value), NullModel.DIFFUSION)) == 0


def test_the_p_value_is_the_share_of_all_as_far_from_the_mean_of_all() -> None:
    others = [1.0, 1.1, 1.2, 1.3, 1.4]
    found = compare(1.31, others, NullOptions(samples=10))
    assert found.dimension_mean == pytest.approx(1.2)
    assert found.dimension_std == pytest.approx(np.std(others, ddof=1))
    assert found.p_value == 4 / 6  # 1.0, 1.1, 1.4 and itself are 0.092 or more from the mean of all, 1.218
    assert (found.samples, found.null_model) == (10, NullModel.DIFFUSION)
    assert compare(9.0, others, NullOptions()).p_value == 1 / 6
    assert compare(1.2, others, NullOptions()).p_value == 1
    assert compare(1.4, [1.0, 1.1, 1.2, 1.3], NullOptions()).p_value == 2 / 5  # 1.0 is as far, but for rounding


@pytest.mark.parametrize("count", [10, 40])
def test_one_more_of_the_patterns_is_beyond_any_level_as_often_as_the_level_says(count: int) -> None:
    """Exactly so by symmetry, at levels of k / (n + 1); tolerance: four standard deviations of 4000 draws."""
    draws = np.random.default_rng(0).gamma(2.0, size=(4000, count + 1)).tolist()
    p_values = np.array([compare(one, others, NullOptions()).p_value for one, *others in draws])
    for rank in (1, 2, count // 2):
        level = rank / (count + 1)
        deviation = math.sqrt(level * (1 - level) / len(draws))
        assert np.mean(p_values <= level + 1e-12) == pytest.approx(level, abs=4 * deviation)


def test_patterns_without_a_dimension_are_left_out() -> None:
    found = compare(1.5, [1.0, math.nan, 2.0], NullOptions())
    assert (found.dimension_mean, found.p_value) == (1.5, 1)
    for others in ([math.nan, math.nan], [1.0, math.nan]):
        found = compare(1.5, others, NullOptions())
        assert all(math.isnan(number) for number in (found.dimension_mean, found.dimension_std, found.p_value))


FRACTAL, SMOOTH = estimate(triangle(6)), estimate(disc(64))
TWO_SCALES = estimate(triangle(4), BoxCountOptions(max_box_edge_cells=2))
NEAR, FAR, NONE = [1.5, 1.55, 1.6, 1.65, 1.9] * 5, [1.1, 1.12, 1.14, 1.13] * 5, [math.nan] * 20


@pytest.mark.parametrize(("estimated", "others", "verdict", "words"), [
    (FRACTAL, NEAR, Verdict.LIKE_NULL, "not rare"),
    (SMOOTH, [SMOOTH.dimension - 0.1, SMOOTH.dimension + 0.1] * 10, Verdict.LIKE_NULL, "not rare"),
    (TWO_SCALES, NEAR, Verdict.UNDEFINED, "2 scales"),
    (FRACTAL, FAR, Verdict.FRACTAL, "no whole number"),
    (SMOOTH, FAR, Verdict.NO_SCALING, "smooth"),
    (FRACTAL, NONE, Verdict.UNDEFINED, "fewer than two"),
    (FRACTAL, FAR[:18], Verdict.UNDEFINED, "that takes 19"),
    (FRACTAL, NEAR[:10], Verdict.LIKE_NULL, "not rare"),
])  # fmt: skip  # one case a line
def test_what_chance_gives_as_well_is_like_the_null(
    estimated: DimensionEstimate, others: list[float], verdict: Verdict, words: str
) -> None:
    options = NullOptions(samples=len(others))
    found = with_comparison(estimated, others, options, 0.95)
    assert found.verdict is verdict
    assert words in found.verdict_reason
    assert repr(found.null_comparison) == repr(compare(estimated.dimension, others, options))  # repr: NaN is not NaN
    assert found.dimension == estimated.dimension


@pytest.mark.parametrize(("level", "fewest"), [(0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99), (0.999, 999)])
def test_a_verdict_needs_as_many_patterns_as_its_level_is_small(level: float, fewest: int) -> None:
    others = (FAR * 50)[:fewest]
    assert with_comparison(FRACTAL, others, NullOptions(), level).verdict is Verdict.FRACTAL
    short = with_comparison(FRACTAL, others[1:], NullOptions(), level)
    assert short.verdict is Verdict.UNDEFINED
    assert f"takes {fewest}" in short.verdict_reason


def test_large_patterns_are_made_in_pieces() -> None:
    assert sum(1 for _ in chance_pattern((4096, 2048), 1000, 2.0, 0, 0)) > 16
    assert sum(1 for _ in correlation_length(noise(2048, 0.5))) > 4
