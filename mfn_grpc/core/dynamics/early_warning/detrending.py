"""Taking slow change away, online: a frame less the Gaussian average of itself and the frames before it."""

import math

import numpy as np

from mfn_grpc.core.dynamics.arrays import Array
from mfn_grpc.core.dynamics.early_warning.tails import Tail

REACH = 3.0
"""Bandwidths back that the average runs; the Gaussian is down to 1 % there."""


def reach_of(bandwidth_frames: float) -> int:
    """Frames before the present one that the average takes in."""
    return math.ceil(REACH * bandwidth_frames)


class Detrending:
    """Residuals of a moving average over the frames that are known: no frame waits for later ones.

    A steady rise leaves a constant, which no indicator sees. Frames with too few before them have no residual: with a
    shorter average their variance would be too small, and the indicators would seem to rise.
    """

    def __init__(self, series: int, bandwidth_frames: float) -> None:
        """bandwidth_frames: standard deviation of the Gaussian; 0 takes nothing away."""
        reach = reach_of(bandwidth_frames)
        age = np.arange(reach, -1.0, -1.0)
        weights = np.exp(-0.5 * np.square(age / bandwidth_frames)) if reach else np.zeros(1)
        self._weights = weights / weights.sum() if reach else weights
        self._past = Tail(series, reach + 1)

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
