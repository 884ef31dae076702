"""How often chance alone gives a trend as strong: the same indicators of autoregressive series without one.

Overlapping windows make indicators of a steady process wander, so that the textbook test of Kendall's tau finds trends
everywhere; surrogates wander alike. Detrending makes them wander in its own way, so surrogates are detrended as well.
Dakos et al., PLoS ONE 7:e41010 (2012).
"""

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics.early_warning.detrending import reach_of, residuals
from mfn_grpc.core.dynamics.kernels.indicators import INDICATORS, autoregress, surrogate_taus
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator

PIECE_VALUES = 100_000
"""Values of surrogates made in one piece: 20 to 30 ms."""


def surrogate_trends(
    phi: float, bandwidth: float, window: int, chosen: Array, kept: Array, count: int, key: tuple[int, int]
) -> Pieces[Array]:
    """Kendall's tau of `count` surrogates, float64 [chosen, count].

    phi: lag-1 autocorrelation of the surrogates, -1 < phi < 1; their variance is that of unit innovations, as tau knows
    no unit. bandwidth: of the average taken from each, in frames, or 0.
    chosen: rows of the indicators, int64 [chosen]. kept: windows that count for each, bool [chosen, windows].
    key: seed, and number of the feature. The same key gives the same innovations whatever the frame.
    """
    windows = kept.shape[1]
    rng = generator(key[0], Stream.SURROGATES, block=key[1])
    taus = np.empty((len(chosen), count))
    found, scratch = np.empty((INDICATORS, windows)), np.empty((2, windows))
    frames = windows + window - 1 + reach_of(bandwidth)
    batch = max(1, PIECE_VALUES // frames)
    for first in range(0, count, batch):
        last = min(first + batch, count)
        noise = rng.standard_normal((last - first, frames))
        autoregress(noise, phi)
        part = np.empty((len(chosen), last - first))
        surrogate_taus(np.ascontiguousarray(residuals(noise, bandwidth)), window, chosen, kept, found, scratch, part)
        taus[:, first:last] = part
        yield
    return taus
