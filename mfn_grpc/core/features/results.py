"""What is measured: the 18 features by name and in order, and why some of them have no value."""

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields

import numpy as np

from mfn_grpc.core.arrays import Array

OUT_OF_RANGE = "it is beyond the range of double precision"


@dataclass(frozen=True)
class Features:
    """The 18 features in canonical order; NaN where undefined. v: the last field, dv: its changes, in its own unit.

    d_box: box-counting dimension of the cells above the medium threshold. d_r2: R^2 of its fit, 0 to 1.
    v_min, v_max, v_mean, v_std, v_skew, v_kurt: extremes, mean, standard deviation (divided by the number of cells),
    skewness g1 = m3 / m2^(3/2) and excess kurtosis g2 = m4 / m2^2 - 3 of the cells (Fisher's; m_k: central moments).
    dv_mean, dv_max: mean and largest |change| of a cell in a step.
    t_stable: first of ten steps in a row with std(|change|) < 0.001 units; the number of steps when there are none.
    e_trend: least-squares slope of the mean squared value over the step, in squared units per step.
    f_active: fraction of the cells above the medium threshold, 0 to 1.
    n_clusters_low, n_clusters_med, n_clusters_high: 4-connected clusters of the cells above each threshold.
    max_cluster_size, cluster_size_std: cells in the largest cluster above the medium threshold, and the standard
    deviation of the cluster sizes (divided by the number of clusters).
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

    def as_array(self) -> Array:
        """The features as float64 [18]."""
        return np.array(astuple(self), dtype=np.float64)


FEATURE_NAMES = tuple(field.name for field in fields(Features))


@dataclass(frozen=True)
class Undefined:
    """The name of a feature that is NaN, and why in words."""

    name: str
    reason: str


@dataclass(frozen=True)
class Measured:
    """Features, and for each that is NaN the reason, in the same order."""

    features: Features
    undefined: tuple[Undefined, ...]

    @classmethod
    def of(cls, found: Mapping[str, float | str]) -> "Measured":
        """From the value of each feature, or in its place the reason why it has none."""
        reasons = {name: _reason(found[name]) for name in FEATURE_NAMES}
        values = {name: math.nan if reason else float(found[name]) for name, reason in reasons.items()}
        return cls(Features(**values), tuple(Undefined(name, reason) for name, reason in reasons.items() if reason))


def _reason(found: float | str) -> str:
    if isinstance(found, str):
        return found
    return "" if math.isfinite(found) else OUT_OF_RANGE
