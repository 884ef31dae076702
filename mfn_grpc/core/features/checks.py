"""What features can be taken of, and what is wrong with anything else."""

from collections.abc import Iterator, Sequence

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import marked, not_finite
from mfn_grpc.core.features.thresholds import Thresholds
from mfn_grpc.core.limits import Limit, Violation
from mfn_grpc.core.pieces import Pieces

EDGE = Limit(1, 4096, "cells", "length of an axis of the field", whole=True)


def dtype_violations(array: Array, path: str) -> Iterator[Violation]:
    """That the elements of an array are neither float64 nor float32 in the machine's byte order."""
    if array.dtype not in (np.float64, np.float32):
        text = f"is {array.dtype}, must be float64 or float32"
        yield Violation(f"{path}.element_type", str(array.dtype), text)


def shape_violations(shape: Sequence[int], path: str, *, history: bool = False) -> Iterator[Violation]:
    """What is wrong with the shape of a field [rows, cols], or where `history` allows it of [steps, rows, cols].

    Rows and columns 1 to 4096 each, at least one step.
    """
    if len(shape) != 2 and not (history and len(shape) == 3):
        allowed = "[rows, columns] or [steps, rows, columns]" if history else "[rows, columns]"
        yield Violation(path, str(list(shape)), f"is {list(shape)}, must be {allowed}")
        return
    if 0 in shape[:-2]:
        yield Violation(f"{path}[0]", "0", "is 0, must be at least 1 (steps of the history)")
    for axis in range(len(shape) - 2, len(shape)):
        if violation := EDGE.violation(f"{path}[{axis}]", shape[axis]):
            yield violation


def finiteness_violations(array: Array, path: str) -> Pieces[list[Violation]]:
    """That values of a field or a history are NaN or infinite: how many, and where the first of them is."""
    first, count = "", 0
    for step, field in enumerate(array.reshape(-1, *array.shape[-2:])):
        found = yield from marked(field, not_finite)
        if found.first:
            first = first or str([step, *found.first][3 - array.ndim :])
            count += found.cells
    if not count:
        return []
    text = f"holds {count} that are not finite, the first at {first}, must hold finite numbers only"
    return [Violation(path, f"{count} values", text)]


def threshold_violations(thresholds: Thresholds) -> list[Violation]:
    """What is wrong with the thresholds, as seen from the message that holds the options."""
    return [violation.under("options") for violation in thresholds.violations()]
