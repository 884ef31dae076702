"""How often chance alone gives a trend as strong: the same indicators of autoregressive series without one.

Overlapping windows make indicators of a steady process wander, so that the textbook test of Kendall's tau finds trends
everywhere; surrogates wander alike. Dakos et al., PLoS ONE 7:e41010 (2012).
"""

import numpy as np

from mfn_grpc.core.dynamics.arrays import Array
from mfn_grpc.core.dynamics.kernels.indicators import INDICATORS, surrogate_taus
from mfn_grpc.core.pieces import Pieces

PIECE_VALUES = 100_000
"""Values of surrogates made in one piece: 20 to 30 ms."""
KEY = 1000
"""First of the Philox keys of the surrogates, one a feature."""


def surrogate_trends(
    phi: float, window: int, chosen: Array, kept: Array, count: int, key: tuple[int, int]
) -> Pieces[Array]:
    """Kendall's tau of `count` surrogates, float64 [chosen, count].

    phi: lag-1 autocorrelation of the series, -1 < phi < 1; its variance is 1, as tau knows no unit.
    chosen: rows of the indicators, int64 [chosen]. kept: windows that count for each, bool [chosen, windows].
    key: seed, and number of the feature. The same key gives the same innovations whatever the frame.
    """
    windows = kept.shape[1]
    rng = np.random.Generator(np.random.Philox(key=[key[0], KEY + key[1]]))
    taus = np.empty((len(chosen), count))
    found, scratch = np.empty((INDICATORS, windows)), np.empty((2, windows))
    frames = windows + window - 1
    batch = max(1, PIECE_VALUES // frames)
    for first in range(0, count, batch):
        last = min(first + batch, count)
        noise = rng.standard_normal((last - first, frames))
        part = np.empty((len(chosen), last - first))
        surrogate_taus(noise, phi, window, chosen, kept, found, scratch, part)
        taus[:, first:last] = part
        yield
    return taus
