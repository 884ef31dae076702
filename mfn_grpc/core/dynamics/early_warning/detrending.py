"""Taking slow change away, online: a frame less the Gaussian average of itself and the frames before it."""

import math

import numpy as np
from scipy.fft import next_fast_len

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics.early_warning.tails import Tail

REACH = 3.0
"""Bandwidths back that the average runs; the Gaussian is down to 1 % there."""


def reach_of(bandwidth_frames: float) -> int:
    """Frames before the present one that the average takes in."""
    return math.ceil(REACH * bandwidth_frames)


def weights_of(bandwidth_frames: float) -> Array:
    """What the average takes of each frame, oldest first, the frame itself last; sums to 1."""
    age = np.arange(reach_of(bandwidth_frames), -1.0, -1.0)
    weights: Array = np.exp(-0.5 * np.square(age / bandwidth_frames))
    weights /= weights.sum()
    return weights


def residuals(series: Array, bandwidth_frames: float) -> Array:
    """What `Detrending` leaves of finite series [series, frames], frame by frame: [series, frames - reach]."""
    if not bandwidth_frames:
        return series
    weights = weights_of(bandwidth_frames)
    frames, reach = series.shape[1], len(weights) - 1
    # By Fourier transform: long averages would cost more than all else. What wraps around is cut off.
    length: int = next_fast_len(frames, real=True)
    waves = np.fft.rfft(series, length)
    waves *= np.fft.rfft(weights[::-1], length)
    residual: Array = series[:, reach:] - np.fft.irfft(waves, length)[:, reach:frames]
    return residual


class Detrending:
    """Residuals of a moving average over the frames that are known: no frame waits for later ones.

    A steady rise leaves a constant, which no indicator sees. Frames with too few before them have no residual: with a
    shorter average their variance would be too small, and the indicators would seem to rise.
    """

    def __init__(self, series: int, bandwidth_frames: float) -> None:
        """bandwidth_frames: standard deviation of the Gaussian; 0 takes nothing away."""
        self._weights = weights_of(bandwidth_frames) if bandwidth_frames else np.zeros(1)
        self._past = Tail(series, len(self._weights))

    def residual(self, frame: Array) -> Array | None:
        """The values [series] less their average, NaN where one of those is; None for a frame too early to have one."""
        self._past.append(frame)
        if not self._past.full:
            return None
        if len(self._weights) == 1:
            return frame
        # Differences before the sum: it is then exactly 0 for a constant series. No matrix product: on long averages
        # that wakes threads of its own.
        with np.errstate(over="ignore", invalid="ignore"):
            residual: Array = ((frame[:, None] - self._past.values) * self._weights).sum(axis=1)
        return residual
