"""Chance patterns with as many cells as a set, and how its dimension stands beside theirs.

White noise is diffused until its correlation length is the field's, and the highest cells form the pattern. Diffusion
is that of the grid: a mode of wave number k decays as exp(-2 tau (1 - cos k)) in the time tau, in units of the cells'
squared width over the diffusion coefficient. White noise then has the autocorrelation I_r(4 tau) / I_0(4 tau) at a lag
of r cells, I_r being modified Bessel functions. Not diffused at all, the pattern is the field with its cells shuffled.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import fft
from scipy.special import ive

from mfn_grpc.core.fractals.blocks import Array, blocks
from mfn_grpc.core.fractals.options import NullModel, NullOptions
from mfn_grpc.core.fractals.results import DimensionEstimate, NullComparison, Verdict
from mfn_grpc.core.pieces import Pieces

TRANSFORM_PIECE_CELLS = 2**19
NOISE_PIECE_CELLS = 2**21
BINS = 4096
LEVEL = math.exp(-1)
"""The autocorrelation at the correlation length."""
BISECTIONS = 60
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


def diffusion_time(length: float) -> float:
    """How long white noise must diffuse until its correlation length, measured as above, is `length` cells.

    0 where it is white noise's own or less: between its autocorrelations, 1 at lag 0 and 0 at lag 1, that is 1 - 1/e.
    """
    lag = math.floor(length)
    beyond = length - lag

    def correlation(time: float) -> float:
        here, after = ive([lag, lag + 1], 4 * time) / ive(0, 4 * time)
        return float((1 - beyond) * here + beyond * after)

    if correlation(0.0) >= LEVEL:
        return 0.0
    low, high = 0.0, 1.0
    while correlation(high) < LEVEL:
        low, high = high, 2 * high
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if correlation(middle) < LEVEL else (low, middle)
    return high


def time_for(field: Array, model: NullModel) -> Pieces[float]:
    """How long noise must diffuse to make chance patterns of this model for a field."""
    return 0.0 if model is NullModel.SHUFFLED else diffusion_time((yield from correlation_length(field)))


def chance_pattern(shape: tuple[int, int], cells: int, time: float, seed: int, sample: int) -> Pieces[Array]:
    """Pattern number `sample`: bool [rows, cols] with exactly `cells` cells, of noise that diffused for `time`."""
    rng = np.random.Generator(np.random.Philox(key=[seed, sample]))
    noise = np.empty(shape, np.float32)
    for rows in blocks(*shape, NOISE_PIECE_CELLS):
        rng.standard_normal(out=noise[rows.start : rows.stop], dtype=np.float32)
        yield
    if time > 0:
        for axis in (0, 1):
            yield from _diffuse(noise if axis else noise.T, time)
    return (yield from _highest(noise, cells))


def compare(dimension: float, others: Sequence[float], options: NullOptions) -> NullComparison:
    """A dimension beside those of chance patterns; those that have none (NaN) are left out."""
    known = [other for other in others if not math.isnan(other)]
    if len(known) < 2:
        return NullComparison(options.null_model, options.samples, math.nan, math.nan, math.nan)
    mean = math.fsum(known) / len(known)
    spread = math.sqrt(math.fsum((other - mean) ** 2 for other in known) / (len(known) - 1))
    distance = abs(dimension - mean) - ROUNDING
    share = sum(abs(other - mean) >= distance for other in known) / len(known)
    return NullComparison(options.null_model, options.samples, mean, spread, share)


def with_comparison(
    estimate: DimensionEstimate, comparison: NullComparison, confidence_level: float
) -> DimensionEstimate:
    """An estimate with its null comparison: LIKE_NULL where chance gives such a dimension as well."""
    compared = replace(estimate, null_comparison=comparison)
    if estimate.verdict is Verdict.UNDEFINED or not comparison.p_value > 1 - confidence_level:
        return compared
    reason = (
        f"{comparison.p_value:.1%} of {comparison.samples} chance patterns ({comparison.null_model.value}) are as far "
        f"from their mean dimension {comparison.dimension_mean:.3f} as this one, {estimate.dimension:.3f}"
    )
    return replace(compared, verdict=Verdict.LIKE_NULL, verdict_reason=reason)


def _autocorrelation(lines: Array, mean: float) -> Pieces[Array]:
    """Along lines [lines, cells], at lags 0 to half the cells, in units of the variance; all 0 without variance."""
    count, size = lines.shape
    lags = size // 2 + 1
    padded = fft.next_fast_len(size + lags, real=True)
    power = np.zeros(padded // 2 + 1)
    for rows in blocks(count, padded, TRANSFORM_PIECE_CELLS):
        spectrum = fft.rfft(lines[rows.start : rows.stop] - mean, padded, axis=1)
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
    for rows in blocks(count, size, TRANSFORM_PIECE_CELLS):
        modes = fft.dct(lines[rows.start : rows.stop], axis=1)
        lines[rows.start : rows.stop] = fft.idct(modes * gain, axis=1)
        yield


def _highest(noise: Array, cells: int) -> Pieces[Array]:
    """The `cells` highest cells, of equal ones those first in reading order: bool [rows, cols]."""
    level = yield from _level(noise, cells)
    pattern = np.empty(noise.shape, np.bool_)
    above = 0
    for rows in blocks(*noise.shape):
        pattern[rows.start : rows.stop] = noise[rows.start : rows.stop] > level
        above += int(np.count_nonzero(pattern[rows.start : rows.stop]))
        yield
    flat, ties = pattern.reshape(-1), cells - above
    for rows in blocks(*noise.shape):
        equal = np.flatnonzero(noise[rows.start : rows.stop] == level)[:ties]
        flat[equal + rows.start * noise.shape[1]] = True
        ties -= equal.size
        yield
    return pattern


def _level(noise: Array, cells: int) -> Pieces[np.float32]:
    """The value of rank `cells` from the top: by the histogram bin that holds it, so that no piece sorts everything."""
    low, high = float(noise.min()), float(noise.max())
    yield
    bands = [noise[rows.start : rows.stop] for rows in blocks(*noise.shape)]
    counts = np.zeros(BINS, np.int64)
    for band in bands:
        counts += np.bincount(_bins(band, low, high), minlength=BINS)
        yield
    from_top = np.cumsum(counts[::-1])
    bin_from_top = int(np.searchsorted(from_top, cells))
    chosen = BINS - 1 - bin_from_top
    candidates = []
    for band in bands:
        candidates.append(band.ravel()[_bins(band, low, high) == chosen])
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
