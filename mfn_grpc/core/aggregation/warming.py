"""Compiling ahead of time, so that no caller waits for it."""

from itertools import product

import numpy as np

from mfn_grpc.core.aggregation.convenience import aggregate_arrays
from mfn_grpc.core.aggregation.policy import AggregationPolicy
from mfn_grpc.core.aggregation.rules.base import Rule
from mfn_grpc.core.aggregation.rules.bulyan import BulyanRule
from mfn_grpc.core.aggregation.rules.coordinate_median import CoordinateMedianRule
from mfn_grpc.core.aggregation.rules.geometric_median import GeometricMedianRule

# Together they use every kernel, on updates of which two are equal, whose distance is then doubtful.
_RULES: tuple[Rule, ...] = (CoordinateMedianRule(), BulyanRule(), GeometricMedianRule())


def warm_up() -> None:
    """Compile (or load from numba's cache) every kernel behind the rules, in both precisions.

    Sources give arrays that may be written and others that may not, which are two types to numba.
    """
    for dtype, writeable in product((np.float32, np.float64), (True, False)):
        rows = np.array([[0], [0], [0], [1], [1]], dtype)
        rows.flags.writeable = writeable
        for rule in _RULES:
            aggregate_arrays(rows, AggregationPolicy(0, rule, ()))
