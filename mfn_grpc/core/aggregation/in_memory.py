"""Arrays that callers hand in: as numbers that can be aggregated, or refused by name."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from mfn_grpc.core.aggregation.screening import LARGEST_NORM
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import InvalidInput, Violation, refuse

_REAL = "biuf"
"""Kinds of numpy types: truth values, whole numbers with and without a sign, floating point."""


def numbers(name: str, values: ArrayLike) -> Array:
    """The values, float32 where they are that, else float64. Raises InvalidInput unless they are real numbers."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InvalidInput([Violation(name, "", f"is no array: {error}")]) from error
    if array.dtype.kind not in _REAL:
        refuse([Violation(name, str(array.dtype), f"holds {array.dtype}, must hold real numbers")])
    return array if array.dtype == np.float32 else array.astype(np.float64, copy=False)


def numbers_in(name: str, value: ArrayLike) -> float:
    """The one number that it is. Raises InvalidInput unless it is one."""
    array = numbers(name, value)
    if array.ndim:
        refuse([_shaped(name, array, "must be one number")])
    return float(array)


def rows_violations(rows: Array, weights: Array | None) -> Iterator[Violation]:
    """What is wrong with the shapes of updates and their weights."""
    if rows.ndim != 2:
        yield _shaped("x", rows, "must be [updates, elements]")
    elif weights is not None and weights.shape != rows.shape[:1]:
        yield _shaped("weights", weights, f"must be {list(rows.shape[:1])}, one for each row")


def center_violations(rows: Array, center: Array | None) -> Iterator[Violation]:
    """What is wrong with a centre of updates [n, d]."""
    if center is None or rows.ndim != 2:
        return
    if center.shape != rows.shape[1:]:
        yield _shaped("center", center, f"must be {list(rows.shape[1:])}, as the updates")
    elif not np.isfinite(center).all():
        first = int(np.argmin(np.isfinite(center)))
        shown = str(center[first])
        yield Violation("center", shown, f"holds {shown} at element {first}, must hold finite numbers")
    elif (norm := _norm(center)) > LARGEST_NORM:
        text = f"has norm {norm:g}, must be at most {LARGEST_NORM:g}: squares of more overflow"
        yield Violation("center", f"{norm:g}", text)


def _norm(vector: Array) -> float:
    """The norm, without squares that overflow."""
    largest = float(np.abs(vector).max(initial=0.0))
    return largest * float(np.linalg.norm(vector / largest)) if largest > 0 else 0.0


def _shaped(name: str, array: Array, wanted: str) -> Violation:
    shown = str(list(array.shape))
    return Violation(name, shown, f"has shape {shown}, {wanted}")
