"""Arrays of numbers at the door of the learning parts: what they must be, in one place."""

import numpy as np
from numpy.typing import ArrayLike

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import Limit, Violation


def numbers(name: str, values: ArrayLike, least_axes: int, most_axes: int, faults: list[Violation]) -> Array | None:
    """`values` as float64 with `least_axes` to `most_axes` axes, or None after noting what is wrong."""
    try:
        array = np.asarray(values)
    except ValueError:
        text = "is ragged, must be a rectangular array of numbers"
        faults.append(Violation(name, type(values).__name__, text))
        return None
    if array.dtype.kind not in "iuf":
        text = f"holds {array.dtype}, must hold integers or real numbers"
        faults.append(Violation(name, str(array.dtype), text))
        return None
    if not least_axes <= array.ndim <= most_axes:
        wanted = str(least_axes) if least_axes == most_axes else f"{least_axes} to {most_axes}"
        text = f"has {array.ndim} axes, must have {wanted}"
        faults.append(Violation(name, str(list(array.shape)), text))
        return None
    return array.astype(np.float64, copy=False)


def check_values(name: str, array: Array, limit: Limit, faults: list[Violation]) -> None:
    """Note the first value outside `limit`, and how many there are; a NaN is outside."""
    outside = ~((array >= limit.minimum) & (array <= limit.maximum))
    count = int(np.count_nonzero(outside))
    if count == 0:
        return
    index = np.unravel_index(int(outside.argmax()), outside.shape)
    where = f"[{','.join(str(i) for i in index)}]" if index else ""
    first = limit.violation(f"{name}{where}", float(array[index]))
    if first:
        more = f"; and {count - 1} more" if count > 1 else ""
        faults.append(Violation(first.field, first.value, first.description + more))
