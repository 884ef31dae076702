"""The 18 features of a field and its history, what is told beside them, and how warnings are asked for."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Features:
    """The 18 features in canonical order, in the field's unit (mV for mycelium); NaN where undefined.

    `d_box`, `d_r2`: box-counting dimension of the cells above the medium threshold, and R^2 of its fit.
    `v_...`: minimum, maximum, mean, standard deviation, skewness and excess kurtosis of the last field.
    `dv_mean`, `dv_max`: mean and largest absolute change a step. `t_stable`: first step of ten in a row whose changes
    have a standard deviation below 0.001, else the number of steps. `e_trend`: trend of the energy per cell, in squared
    units a step. `f_active`: fraction of cells above the medium threshold. `n_clusters_...`: 4-connected clusters above
    each threshold. `max_cluster_size`, `cluster_size_std`: of those above the medium one, in cells.
    """

    d_box: float
    d_r2: float
    v_min: float
    v_max: float
    v_mean: float
    v_std: float
    v_skew: float
    v_kurt: float
    dv_mean: float
    dv_max: float
    t_stable: float
    e_trend: float
    f_active: float
    n_clusters_low: float
    n_clusters_med: float
    n_clusters_high: float
    max_cluster_size: float
    cluster_size_std: float

    def as_array(self) -> NDArray[np.float64]:
        """The features as float64 [18], in the order of FEATURE_NAMES."""
        return np.array([getattr(self, name) for name in FEATURE_NAMES], np.float64)


FEATURE_NAMES = tuple(each.name for each in fields(Features))
"""The names of the 18 features, in canonical order."""


@dataclass(frozen=True)
class UndefinedValue:
    """Why a value is NaN: what it measures does not exist here."""

    name: str
    reason: str


@dataclass(frozen=True)
class ExtractedFeatures:
    """Features of a field or a history, and why each one that is NaN is undefined."""

    features: Features
    undefined: tuple[UndefinedValue, ...]


@dataclass(frozen=True)
class EarlyWarning:
    """One indicator of one feature, over the window that ends with a frame.

    `indicator`: "variance", "lag1_autocorrelation" or "skewness". `value`: NaN where undefined, with the reason.
    `kendall_tau`: its trend over the last `trend_frames`, -1 to 1; None below ten values, and when all are equal.
    `p_value`: (1 + b) / (surrogates + 1) where b surrogates have as large a trend: small when chance does not explain
    it; None without tau, surrogates or autocorrelation.
    """

    feature: str
    indicator: str
    value: float
    kendall_tau: float | None
    p_value: float | None
    undefined_reason: str


@dataclass(frozen=True)
class FeatureReport:
    """Features of a history up to `frame`, counted from 0; early warnings once their window is full."""

    frame: int
    features: Features
    undefined: tuple[UndefinedValue, ...]
    early_warnings: tuple[EarlyWarning, ...]


@dataclass(frozen=True)
class EarlyWarningOptions:
    """How to look for signs that a system loses its stability; None and () leave the default to the server.

    features: Names of those to watch. Default: v_mean.
    indicators: "variance", "lag1_autocorrelation", "skewness". Default: all.
    window_frames: Length of the window, 8 to 10,000. Default 100.
    detrend_bandwidth_frames: Standard deviation of the Gaussian whose moving average is taken away first, 1 to
        window_frames. Default 0: nothing is.
    surrogates: Chance series behind each p-value, 0 to 10,000. Default 200; 0 leaves the p-values out.
    seed: Of the surrogates.
    trend_frames: How many of the last values of an indicator its trend looks at, 10 to 10,000. Default 1000.
    """

    features: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    window_frames: int | None = None
    detrend_bandwidth_frames: float | None = None
    surrogates: int | None = None
    seed: int = 0
    trend_frames: int | None = None
