"""The 18 features of a field and of the history that led to it."""

import math
from collections.abc import Mapping

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import above
from mfn_grpc.core.features.clusters import STRIP_CELLS, Clusters, find_clusters
from mfn_grpc.core.features.history import History
from mfn_grpc.core.features.results import Measured
from mfn_grpc.core.features.statistics import moments
from mfn_grpc.core.features.thresholds import Thresholds
from mfn_grpc.core.fractals import estimate_dimension
from mfn_grpc.core.pieces import Pieces

Found = Mapping[str, float | str]
"""The value of each feature, or in its place the reason why it has none."""

ONE_FIELD = "there is one field only, and so no change"
CONSTANT = "the field is constant"
EMPTY_SET = "no cell is above the medium threshold"
NO_FIT = "there is no fit over three scales whose counts differ"


def measure(field: Array, history: History | None, thresholds: Thresholds) -> Pieces[Measured]:
    """The features of `field`, [rows, cols], finite; of change, those of a history that ends with it.

    Without a history, or when it has no steps yet, the features of change are undefined. Neither the field nor the
    history may change between the pieces.
    """
    changes = _change_features(history)
    values = yield from _value_features(field)
    sets = yield from _set_features(field, thresholds)
    return Measured.of({**changes, **values, **sets})


def _change_features(history: History | None) -> Found:
    if history is None or not history.steps:
        return dict.fromkeys(("dv_mean", "dv_max", "t_stable", "e_trend"), ONE_FIELD)
    return {
        "dv_mean": history.dv_mean,
        "dv_max": history.dv_max,
        "t_stable": history.t_stable,
        "e_trend": history.e_trend,
    }


def _value_features(field: Array) -> Pieces[Found]:
    found = yield from moments(field)
    constant = found.minimum == found.maximum
    return {
        "v_min": found.minimum,
        "v_max": found.maximum,
        "v_mean": found.mean,
        "v_std": found.std,
        "v_skew": CONSTANT if constant else found.skewness,
        "v_kurt": CONSTANT if constant else found.kurtosis,
    }


def _set_features(field: Array, thresholds: Thresholds) -> Pieces[Found]:
    low = yield from find_clusters((yield from above(field, thresholds.low, STRIP_CELLS)))
    high = yield from find_clusters((yield from above(field, thresholds.high, STRIP_CELLS)))
    active = yield from above(field, thresholds.medium, STRIP_CELLS)
    medium = yield from find_clusters(active)
    dimension = yield from _dimension_features(active, medium)
    return {
        **dimension,
        "f_active": medium.cells / field.size,
        "n_clusters_low": low.count,
        "n_clusters_med": medium.count,
        "n_clusters_high": high.count,
        "max_cluster_size": medium.largest if medium.count else EMPTY_SET,
        "cluster_size_std": medium.size_std if medium.count else EMPTY_SET,
    }


def _dimension_features(active: Array, clusters: Clusters) -> Pieces[Found]:
    if not clusters.count:
        return dict.fromkeys(("d_box", "d_r2"), EMPTY_SET)
    estimate = yield from estimate_dimension(active)
    return {
        "d_box": _or_reason(estimate.dimension, estimate.verdict_reason),
        "d_r2": _or_reason(estimate.r_squared, f"{NO_FIT}: {estimate.verdict_reason}"),
    }


def _or_reason(value: float, reason: str) -> float | str:
    return reason if math.isnan(value) else value
