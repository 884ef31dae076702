"""The features of an array that a caller brings: a field, or a history of fields."""

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.features.checks import (
    dtype_violations,
    finiteness_violations,
    shape_violations,
    threshold_violations,
)
from mfn_grpc.core.features.follower import Follower
from mfn_grpc.core.features.measure import measure
from mfn_grpc.core.features.results import Measured
from mfn_grpc.core.features.thresholds import Thresholds
from mfn_grpc.core.limits import refuse
from mfn_grpc.core.pieces import Pieces


def extract_features(array: Array, thresholds: Thresholds) -> Pieces[Measured]:
    """The features of a field [rows, cols], or of a history [steps, rows, cols] one step apart.

    Finite, float64 or float32; rows and columns 1 to 4096 each, at least one step. Raises InvalidInput naming every
    fault (`array.element_type`, `array.shape`, `array.data`, `options.thresholds`).
    """
    faults = [*dtype_violations(array, "array"), *shape_violations(array.shape, "array.shape", history=True)]
    if not faults:
        faults += yield from finiteness_violations(array, "array.data")
    refuse([*faults, *threshold_violations(thresholds)])
    if array.ndim == 2:
        return (yield from measure(array, None, thresholds))
    follower = yield from Follower.beginning(array[0])
    for field in array[1:]:
        yield from follower.follow(field)
        yield
    return (yield from measure(follower.field, follower.history, thresholds))
