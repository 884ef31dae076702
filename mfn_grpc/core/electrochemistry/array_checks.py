"""The ranges of `ranges.py` over whole arrays: cheap when all is well, exact about the first fault when it is not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfn_grpc.core.electrochemistry.ranges import NERNST_VALENCES, valence_violation
from mfn_grpc.core.limits import Limit, Violation

Check = Callable[[str, float], Violation | None]

_LARGEST_VALENCE = max(NERNST_VALENCES)


def numbers(name: str, values: ArrayLike) -> NDArray[Any] | Violation:
    """`values` as an array of integers or float64, or what keeps them from being one."""
    try:
        array = np.asarray(values)
    except ValueError:
        return Violation(name, type(values).__name__, "is ragged, must be a rectangular array of numbers")
    if array.dtype.kind in "iu":
        return array
    if array.dtype.kind == "f":
        return array.astype(np.float64, copy=False)
    return Violation(name, str(array.dtype), f"holds {array.dtype}, must hold integers or real numbers")


def range_violation(name: str, values: NDArray[Any], limit: Limit, check: Check) -> Violation | None:
    """The first of `values` outside `limit`, in the words of `check`, and how many there are; None when all are in."""
    # Minimum and maximum hand a NaN on, which no comparison passes.
    if values.size == 0 or (values.min() >= limit.minimum and values.max() <= limit.maximum):
        return None
    return _first_of(name, values, ~((values >= limit.minimum) & (values <= limit.maximum)), check)


def valences_violation(name: str, values: NDArray[Any]) -> Violation | None:
    """The first of `values` that is no charge number, and how many there are; None when all are."""
    if values.size == 0 or _are_valences(values):
        return None
    return _first_of(name, values, ~np.isin(values, sorted(NERNST_VALENCES)), valence_violation)


def shape_violation(operands: dict[str, NDArray[Any]]) -> Violation | None:
    """The first operand that does not broadcast with those before it, or None."""
    shape: tuple[int, ...] = ()
    before: list[str] = []
    for name, array in operands.items():
        try:
            shape = np.broadcast_shapes(shape, array.shape)
        except ValueError:
            remedy = f"which does not broadcast with shape {shape} of {', '.join(before)}"
            return Violation(name, f"shape {array.shape}", f"has shape {array.shape}, {remedy}")
        before.append(name)
    return None


def _are_valences(values: NDArray[Any]) -> bool:
    if not (values.min() >= -_LARGEST_VALENCE and values.max() <= _LARGEST_VALENCE and values.all()):
        return False
    return values.dtype.kind in "iu" or bool((np.rint(values) == values).all())


def _first_of(name: str, values: NDArray[Any], outside: NDArray[np.bool_], check: Check) -> Violation | None:
    index = np.unravel_index(int(outside.argmax()), outside.shape)
    where = f"[{','.join(str(i) for i in index)}]" if index else ""
    violation = check(f"{name}{where}", float(values[index]))
    others = int(np.count_nonzero(outside)) - 1
    if violation is None or others == 0:
        return violation
    return replace(violation, description=f"{violation.description}; and {others} more")
