"""Early-warning indicators over a stream of features, online: memory and work per frame do not grow with the stream.

Near a bifurcation a system returns ever more slowly from disturbances: its fluctuations grow (variance), resemble the
last ones (autocorrelation) and lean to one side (skewness). Scheffer et al., Nature 461:53 (2009); Dakos et al. (2012).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics.early_warning.detrending import Detrending, reach_of
from mfn_grpc.core.dynamics.early_warning.options import EarlyWarningOptions, Indicator
from mfn_grpc.core.dynamics.early_warning.surrogates import PIECE_VALUES, surrogate_trends
from mfn_grpc.core.dynamics.early_warning.tails import Tail
from mfn_grpc.core.dynamics.kernels.indicators import INDICATORS, LAG1, SKEWNESS, VARIANCE, window_indicators
from mfn_grpc.core.dynamics.kernels.ranks import kendall_tau
from mfn_grpc.core.features import FEATURE_NAMES, Features
from mfn_grpc.core.limits import refuse
from mfn_grpc.core.pieces import Pieces

MIN_TREND_VALUES = 10

_ROWS = {
    Indicator.VARIANCE: VARIANCE,
    Indicator.LAG1_AUTOCORRELATION: LAG1,
    Indicator.SKEWNESS: SKEWNESS,
}


@dataclass(frozen=True)
class EarlyWarning:
    """One indicator of one feature, over the window that ends with the last frame.

    value: NaN where undefined, and then undefined_reason says why. kendall_tau: against time, -1 to 1; None below ten
    values. p_value: (1 + b) / (surrogates + 1), where b surrogates have a tau at least as large; None without tau or
    surrogates.
    """

    feature: str
    indicator: Indicator
    value: float
    kendall_tau: float | None
    p_value: float | None
    undefined_reason: str


class EarlyWarningMonitor:
    """Watches some features of a stream. Not thread-safe; no frame may be added while a report is running."""

    def __init__(self, options: EarlyWarningOptions) -> None:
        """Raises InvalidInput when the options are outside their limits."""
        refuse(options.violations())
        self.options = options
        self.frames = 0
        self._columns = [FEATURE_NAMES.index(name) for name in options.features]
        self._chosen = np.array([_ROWS[indicator] for indicator in options.indicators])
        count = len(self._columns)
        self._detrending = Detrending(count, options.detrend_bandwidth_frames)
        self._window = Tail(count, options.window_frames)
        self._latest = np.full((count, INDICATORS), np.nan)
        self._trend = Tail(count * len(self._chosen), options.trend_frames)

    def add(self, features: Features) -> None:
        """Take in the features after the next frame; NaN where one is undefined."""
        self.frames += 1
        frame = features.as_array()[self._columns]
        residual = self._detrending.residual(np.where(np.isfinite(frame), frame, np.nan))
        if residual is None:
            return
        self._window.append(residual)
        if not self._window.full:
            return
        for window, latest in zip(self._window.values, self._latest, strict=True):
            window_indicators(window, latest)
        self._trend.append(self._latest[:, self._chosen].ravel())

    def report(self) -> Pieces[tuple[EarlyWarning, ...]]:
        """Every feature with every indicator, in the order of the options; empty before the window is full.

        Depends on the frames and the options alone, not on earlier reports.
        """
        found: list[EarlyWarning] = []
        if self._window.full:
            trends = self._trend.values.reshape(len(self._columns), len(self._chosen), -1)
            for place, values in enumerate(trends):
                taus = yield from self._taus(values)
                p_values = yield from self._p_values(place, values, taus)
                found += self._warnings(place, taus, p_values)
        return tuple(found)

    def _taus(self, trends: Array) -> Pieces[list[float | None]]:
        taus: list[float | None] = []
        for values in trends:
            defined = values[~np.isnan(values)]
            tau = kendall_tau(defined, np.empty_like(defined)) if len(defined) >= MIN_TREND_VALUES else np.nan
            taus.append(None if np.isnan(tau) else tau)
            yield
        return taus

    def _p_values(self, place: int, trends: Array, taus: list[float | None]) -> Pieces[list[float | None]]:
        """The share of series whose tau is at least as large, for each indicator that has a tau.

        The series itself is one of them, so that chance does not fall below p more often than p (Davison & Hinkley,
        Bootstrap Methods and their Application, 1997, section 4.2).
        """
        phi, count = float(self._latest[place, LAG1]), self.options.surrogates
        chosen = [i for i, tau in enumerate(taus) if tau is not None]
        p_values: list[float | None] = [None] * len(taus)
        if np.isnan(phi) or not count or not chosen:
            return p_values
        chance = yield from surrogate_trends(
            phi,
            self.options.detrend_bandwidth_frames,
            self.options.window_frames,
            self._chosen[chosen],
            ~np.isnan(trends[chosen]),
            count,
            (self.options.seed, self._columns[place]),
        )
        for i, column in zip(chosen, chance, strict=True):
            p_values[i] = (1 + int(np.count_nonzero(column >= taus[i]))) / (count + 1)
        return p_values

    def _warnings(self, place: int, taus: list[float | None], p_values: list[float | None]) -> Iterator[EarlyWarning]:
        name, window = self.options.features[place], self._window.values[place]
        for i, indicator in enumerate(self.options.indicators):
            value = float(self._latest[place, self._chosen[i]])
            reason = _reason(name, window) if np.isnan(value) else ""
            yield EarlyWarning(name, indicator, value, taus[i], p_values[i], reason)


def _reason(name: str, window: Array) -> str:
    """Why an indicator of this window is undefined."""
    if missing := int(np.count_nonzero(np.isnan(window))):
        return f"{name} is undefined in, or just before, {missing} of the window's {len(window)} frames"
    if np.all(window == window[0]):
        return f"{name} has the same value in all {len(window)} frames of the window"
    # The ends of the range are a factor of e^700 either side of 1.
    spread = float(window.max()) - float(window.min())
    beyond = "so little that its variance is below" if spread < 1 else "beyond"
    return f"{name} varies {beyond} the range of float64"


def monitor_bytes(options: EarlyWarningOptions) -> int:
    """Memory that a monitor of valid options and one of its reports hold, in bytes, small objects aside."""
    features, indicators = len(options.features), len(options.indicators)
    reach, window, trend = reach_of(options.detrend_bandwidth_frames) + 1, options.window_frames, options.trend_frames
    # Tails have twice the room; detrending works on two copies of its tail, a report on one of the trends.
    kept = features * (4 * reach + 2 * window + 3 * indicators * trend)
    working = (INDICATORS + 4) * trend + indicators * (options.surrogates + trend)
    longest = window + trend + reach
    noise = min(PIECE_VALUES, options.surrogates * longest) + longest if options.surrogates else 0
    if options.detrend_bandwidth_frames:
        # The noise, its transform, the average with a copy that the transform works on, and the residuals.
        noise *= 5
    return 8 * (kept + working + noise)
