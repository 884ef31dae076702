"""Chance patterns with as many cells as a set, and how its dimension stands beside theirs.

White noise is diffused, and its highest cells form the pattern. Diffusion is that of the grid: a mode of wave number k
decays as exp(-2 tau (1 - cos k)) in the time tau, in units of the cells' squared width over the diffusion coefficient.
White noise then has the autocorrelation I_r(4 tau) / I_0(4 tau) at a lag of r cells, I_r being modified Bessel
functions, and the pattern has one that falls faster: that of whether a Gaussian is above a level. The time is the one
after which the pattern's correlation length is the set's. Not diffused at all, it is the set with its cells shuffled.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import fft
from scipy.special import ive, ndtri, roots_legendre

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import bands
from mfn_grpc.core.fractals.options import NullModel, NullOptions
from mfn_grpc.core.fractals.results import DimensionEstimate, NullComparison, Verdict
from mfn_grpc.core.fractals.verdicts import FEWEST_SCALES, judged, scales_used
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator

TRANSFORM_PIECE_CELLS = 2**19
NOISE_PIECE_CELLS = 2**21
BINS = 4096
LEVEL = math.exp(-1)
"""The autocorrelation at the correlation length."""
WHITE_LENGTH = 1 - LEVEL
BISECTIONS = 60
NODES, WEIGHTS = (0.5 * (roots + shift) for roots, shift in zip(roots_legendre(64), (1, 0), strict=True))
"""Gauss-Legendre nodes and weights of the interval from 0 to 1."""
ROUNDING = 1e-9
"""Distances of dimensions nearer than this are equal."""


def correlation_length(field: Array) -> Pieces[float]:
    """Lag, in cells, where the autocorrelation of a field [rows, cols] falls to 1/e; mean over both axes.

    Between lags on a straight line; 0 for a constant field. Lags go to half the field: a longer correlation counts as
    half. The products of each lag are summed within the field and divided by how many there are.
    """
    mean = float(np.mean(field, dtype=np.float64))
    yield
    lengths = []
    for axis in (0, 1):
        lines = field if axis else field.T
        if lines.shape[1] > 1:
            correlation = yield from _autocorrelation(lines, mean)
            lengths.append(_falls_below(correlation, LEVEL))
    return sum(lengths) / len(lengths) if lengths else 0.0


def correlation_above(correlation: Array, share: float) -> Array:
    """Of two standard Gaussians of such a correlation, 0 to 1: the correlation of whether they exceed a level.

    share: the probability of exceeding it, above 0 and below 1. By the integral of the bivariate normal density over
    the correlation (Plackett 1954), in its arc sine, where it is smooth; at the median it is 2/pi times that arc sine
    (Sheppard 1899).
    """
    angles = np.arcsin(correlation)
    level = ndtri(share)
    heights = np.exp(-(level**2) / (1 + np.sin(np.multiply.outer(angles, NODES))))
    found: Array = angles * (heights * WEIGHTS).sum(axis=-1) / (2 * math.pi * share * (1 - share))
    return found


def diffusion_time(length: float, share: float) -> float:
    """How long white noise must diffuse until its highest cells have a correlation length, as above, of `length` cells.

    share: that of the cells that are taken. 0 where the length is white noise's own or less: between its
    autocorrelations, 1 at lag 0 and 0 at lag 1, that is 1 - 1/e.
    """
    lag = math.floor(length)
    beyond = length - lag

    def correlation(time: float) -> float:
        of_noise = ive([lag, lag + 1], 4 * time) / ive(0, 4 * time)
        here, after = correlation_above(of_noise, share)
        return float((1 - beyond) * here + beyond * after)

    if length <= WHITE_LENGTH:
        return 0.0
    low, high = 0.0, 1.0
    while correlation(high) < LEVEL:
        low, high = high, 2 * high
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if correlation(middle) < LEVEL else (low, middle)
    return high


def time_for(mask: Array, model: NullModel) -> Pieces[float]:
    """How long noise must diffuse to make chance patterns of this model for a set; mask: bool [rows, cols]."""
    if model is NullModel.SHUFFLED:
        return 0.0
    length = yield from correlation_length(mask)
    share = np.count_nonzero(mask) / mask.size
    return diffusion_time(length, share) if 0 < share < 1 else 0.0


def chance_pattern(shape: tuple[int, int], cells: int, time: float, seed: int, sample: int) -> Pieces[Array]:
    """Pattern number `sample`: bool [rows, cols] with exactly `cells` cells, of noise that diffused for `time`."""
    rng = generator(seed, Stream.CHANCE_PATTERNS, block=sample)
    noise = np.empty(shape, np.float32)
    for rows in bands(shape, NOISE_PIECE_CELLS):
        rng.standard_normal(out=noise[rows], dtype=np.float32)
        yield
    if time > 0:
        for axis in (0, 1):
            yield from _diffuse(noise if axis else noise.T, time)
    return (yield from _highest(noise, cells))


def compare(dimension: float, others: Sequence[float], options: NullOptions) -> NullComparison:
    """A dimension beside those of chance patterns; those that have none (NaN) are left out.

    The p-value counts the set among the patterns and takes distances from the mean of all of them, so that a pattern
    that is one more of theirs is as likely as any to be the furthest (Davison & Hinkley 1997, section 4.2).
    """
    known = _known(others)
    if len(known) < 2:
        return NullComparison(options.null_model, options.samples, math.nan, math.nan, math.nan)
    mean = math.fsum(known) / len(known)
    spread = math.sqrt(math.fsum((other - mean) ** 2 for other in known) / (len(known) - 1))
    everyone = [dimension, *known]
    middle = math.fsum(everyone) / len(everyone)
    distance = abs(dimension - middle) - ROUNDING
    share = sum(abs(one - middle) >= distance for one in everyone) / len(everyone)
    return NullComparison(options.null_model, options.samples, mean, spread, share)


def with_comparison(
    estimate: DimensionEstimate, others: Sequence[float], options: NullOptions, confidence_level: float
) -> DimensionEstimate:
    """An estimate with its null comparison, judged anew: LIKE_NULL where chance gives such a dimension as well."""
    comparison = compare(estimate.dimension, others, options)
    compared = replace(estimate, null_comparison=comparison)
    if len(scales_used(estimate)) < FEWEST_SCALES:
        return compared
    if math.isnan(comparison.p_value):
        return judged(compared, "fewer than two of those that were made have a dimension")
    level = 1 - confidence_level + ROUNDING
    if comparison.p_value <= level:
        return judged(compared, "")
    smallest = 1 / (len(_known(others)) + 1)
    if comparison.p_value <= smallest:
        return judged(compared, f"none of them is as far out, but at {level:.3g} that takes {math.ceil(1 / level) - 1}")
    reason = (
        f"such a dimension is not rare (p = {comparison.p_value:.3f}) among {comparison.samples} chance patterns "
        f"({comparison.null_model.value}), with a mean of {comparison.dimension_mean:.3f}: {estimate.dimension:.3f}"
    )
    return replace(compared, verdict=Verdict.LIKE_NULL, verdict_reason=reason)


def _known(dimensions: Sequence[float]) -> list[float]:
    return [dimension for dimension in dimensions if not math.isnan(dimension)]


def _autocorrelation(lines: Array, mean: float) -> Pieces[Array]:
    """Along lines [lines, cells], at lags 0 to half the cells, in units of the variance; all 0 without variance."""
    count, size = lines.shape
    lags = size // 2 + 1
    padded = fft.next_fast_len(size + lags, real=True)
    power = np.zeros(padded // 2 + 1)
    for rows in bands((count, padded), TRANSFORM_PIECE_CELLS):
        spectrum = fft.rfft(lines[rows] - mean, padded, axis=1)
        power += (spectrum.real**2 + spectrum.imag**2).sum(axis=0)
        yield
    products = fft.irfft(power, padded)[:lags] / (size - np.arange(lags))
    correlation: Array = products / products[0] if products[0] > 0 else np.zeros(lags)
    return correlation


def _falls_below(correlation: Array, level: float) -> float:
    """The lag where a correlation first reaches a level, between lags on a straight line; the last lag if nowhere."""
    below = np.flatnonzero(correlation <= level)
    if below.size == 0:
        return float(correlation.size - 1)
    after = int(below[0])
    if after == 0:
        return 0.0
    high, low = float(correlation[after - 1]), float(correlation[after])
    return after - 1 + (high - level) / (high - low)


def _diffuse(lines: Array, time: float) -> Pieces[None]:
    """Diffuse along lines [lines, cells], in place, without flux through their ends: each cosine mode decays."""
    count, size = lines.shape
    wave_numbers = np.pi * np.arange(size) / size
    gain = np.exp(-2 * time * (1 - np.cos(wave_numbers))).astype(np.float32)
    for rows in bands((count, size), TRANSFORM_PIECE_CELLS):
        modes = fft.dct(lines[rows], axis=1)
        lines[rows] = fft.idct(modes * gain, axis=1)
        yield


def _highest(noise: Array, cells: int) -> Pieces[Array]:
    """The `cells` highest cells, of equal ones those first in reading order: bool [rows, cols]."""
    level = yield from _level(noise, cells)
    pattern = np.empty(noise.shape, np.bool_)
    above = 0
    for rows in bands(noise.shape):
        pattern[rows] = noise[rows] > level
        above += int(np.count_nonzero(pattern[rows]))
        yield
    flat, ties = pattern.reshape(-1), cells - above
    for rows in bands(noise.shape):
        equal = np.flatnonzero(noise[rows] == level)[:ties]
        flat[equal + rows.start * noise.shape[1]] = True
        ties -= equal.size
        yield
    return pattern


def _level(noise: Array, cells: int) -> Pieces[np.float32]:
    """The value of rank `cells` from the top: by the histogram bin that holds it, so that no piece sorts everything."""
    low, high = float(noise.min()), float(noise.max())
    yield
    parts = [noise[rows] for rows in bands(noise.shape)]
    counts = np.zeros(BINS, np.int64)
    for part in parts:
        counts += np.bincount(_bins(part, low, high), minlength=BINS)
        yield
    from_top = np.cumsum(counts[::-1])
    bin_from_top = int(np.searchsorted(from_top, cells))
    chosen = BINS - 1 - bin_from_top
    candidates = []
    for part in parts:
        candidates.append(part.ravel()[_bins(part, low, high) == chosen])
        yield
    held = np.concatenate(candidates)
    rank = int(from_top[bin_from_top]) - cells
    level: np.float32 = np.partition(held, rank)[rank]
    return level


def _bins(band: Array, low: float, high: float) -> Array:
    """The bin of each cell, rising with its value; all in bin 0 where all are equal."""
    per_unit = np.float32((BINS - 1) / (high - low)) if high > low else np.float32(0)
    found: Array = ((band - np.float32(low)) * per_unit).astype(np.int32).ravel()
    return found
