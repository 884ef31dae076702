"""Sparse attention: each query attends to the keys of its k largest scores and to no other.

Scaled dot-product attention in several heads (Vaswani et al., NeurIPS 2017, equations 1 and section 3.2.2) with the
softmax over the top k scores of a row (Zhao et al., arXiv:1912.11637). With k = tokens it is dense attention.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.learning.checks import check_values, numbers
from mfn_grpc.core.limits import Limit, Violation, refuse

DEFAULT_KEYS_PER_QUERY = 4

# Products of a token, two projections and their score stay far below the largest float64.
ENTRY = Limit(-1e30, 1e30, "1", "an entry of a tensor")
_MOST_AXES = 16


class Projections(NamedTuple):
    """The linear maps of all heads.

    query, key: [heads, width, key_width]. value: [heads, width, value_width]. output: [heads, value_width, out_width].
    """

    query: ArrayLike
    key: ArrayLike
    value: ArrayLike
    output: ArrayLike


def top_k_weights(scores: ArrayLike, k: int = DEFAULT_KEYS_PER_QUERY) -> Array:
    """Softmax over the k largest scores of each row [..., queries, keys], exactly 0 elsewhere; rows sum to 1.

    Of equal scores at the edge of the selection, those of the first keys are taken. k is 1 to the number of keys.
    Raises InvalidInput naming every fault.
    """
    faults: list[Violation] = []
    checked = _tensor("scores", scores, 2, faults)
    _check_k(k, checked, -1, faults)
    refuse(faults)
    return _top_k_weights(np.asarray(checked), k)


def sparse_attention(queries: ArrayLike, keys: ArrayLike, values: ArrayLike, k: int = DEFAULT_KEYS_PER_QUERY) -> Array:
    """Attention of `queries` [..., queries, d] to `keys` [..., keys, d] with `values` [..., keys, value_width].

    Scores are query . key / sqrt(d); leading axes broadcast. The result is [..., queries, value_width].
    Raises InvalidInput naming every fault.
    """
    faults: list[Violation] = []
    q = _tensor("queries", queries, 2, faults)
    key = _tensor("keys", keys, 2, faults)
    value = _tensor("values", values, 2, faults)
    _check_equal("keys", key, -1, "queries", q, -1, faults)
    _check_equal("values", value, -2, "keys", key, -2, faults)
    _check_leading({"queries": q, "keys": key, "values": value}, faults)
    _check_k(k, key, -2, faults)
    refuse(faults)
    return _attend(np.asarray(q), np.asarray(key), np.asarray(value), k)


def multi_head_attention(tokens: ArrayLike, projections: Projections, k: int = DEFAULT_KEYS_PER_QUERY) -> Array:
    """Self-attention of `tokens` [..., tokens, width] in all heads of `projections`, [..., tokens, out_width].

    Each head attends by itself; the sum of their outputs, each through its own output projection, is the product of
    one output matrix with the heads side by side. Raises InvalidInput naming every fault.
    """
    faults: list[Violation] = []
    x = _tensor("tokens", tokens, 2, faults)
    _check_k(k, x, -2, faults)
    query, key, value, output = _checked_projections(projections, x, faults)
    refuse(faults)
    spread = np.asarray(x)[..., None, :, :]
    heads = _attend(spread @ query, spread @ key, spread @ value, k)
    return np.asarray((heads @ output).sum(axis=-3))


def _attend(queries: Array, keys: Array, values: Array, k: int) -> Array:
    scores = queries @ np.swapaxes(keys, -1, -2) / math.sqrt(queries.shape[-1])
    return np.asarray(_top_k_weights(scores, k) @ values)


def _top_k_weights(scores: Array, k: int) -> Array:
    taken = _top_k(scores, k)
    largest = scores.max(axis=-1, keepdims=True)
    weights = np.exp(np.where(taken, scores - largest, -np.inf))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def _top_k(scores: Array, k: int) -> Array:
    """Which scores are among the k largest of their row: exactly k of them, the first of equal ones; bool."""
    keys = scores.shape[-1]
    place = np.argpartition(scores, keys - k, axis=-1)[..., keys - k, None]
    kth = np.take_along_axis(scores, place, axis=-1)
    above, equal = scores > kth, scores == kth
    room = k - np.count_nonzero(above, axis=-1, keepdims=True)
    return np.asarray(above | (equal & (np.cumsum(equal, axis=-1) <= room)))


def _tensor(
    name: str, values: ArrayLike, least_axes: int, faults: list[Violation], most_axes: int = _MOST_AXES
) -> Array | None:
    array = numbers(name, values, least_axes, most_axes, faults)
    if array is None:
        return None
    if array.size == 0:
        text = f"is {list(array.shape)}, must have no axis of length 0"
        faults.append(Violation(name, str(list(array.shape)), text))
        return None
    check_values(name, array, ENTRY, faults)
    return array


def _checked_projections(projections: Projections, x: Array | None, faults: list[Violation]) -> list[Array]:
    arrays = {
        name: _tensor(f"projections.{name}", values, 3, faults, most_axes=3)
        for name, values in projections._asdict().items()
    }
    query, key, value, output = arrays.values()
    for name in ("query", "key", "value"):
        _check_equal(f"projections.{name}", arrays[name], 1, "tokens", x, -1, faults)
    for name in ("key", "value", "output"):
        _check_equal(f"projections.{name}", arrays[name], 0, "projections.query", query, 0, faults)
    _check_equal("projections.key", key, 2, "projections.query", query, 2, faults)
    _check_equal("projections.output", output, 1, "projections.value", value, 2, faults)
    return [np.asarray(array) for array in arrays.values()]


def _check_equal(
    name: str,
    array: Array | None,
    axis: int,
    other_name: str,
    other: Array | None,
    other_axis: int,
    faults: list[Violation],
) -> None:
    """Note an axis that is not as long as its counterpart in another tensor; nothing where one is missing."""
    if array is None or other is None or array.shape[axis] == other.shape[other_axis]:
        return
    text = (
        f"is {list(array.shape)}, must have {other.shape[other_axis]} entries along axis {axis}, "
        f"as {other_name} {list(other.shape)} has along axis {other_axis}"
    )
    faults.append(Violation(name, str(list(array.shape)), text))


def _check_leading(arrays: dict[str, Array | None], faults: list[Violation]) -> None:
    """Note tensors whose leading axes do not broadcast together."""
    shapes = {name: array.shape[:-2] for name, array in arrays.items() if array is not None}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        shown = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
        faults.append(Violation("queries", shown, f"leading axes {shown} do not broadcast, must be equal or 1"))


def _check_k(k: int, array: Array | None, axis: int, faults: list[Violation]) -> None:
    keys = 2**31 - 1 if array is None else array.shape[axis]
    limit = Limit(1, keys, "1", "keys that each query attends to, at most all of them", whole=True)
    if fault := limit.violation("k", k):
        faults.append(fault)
