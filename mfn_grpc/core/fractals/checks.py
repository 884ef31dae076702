"""What can be wrong with arrays and lists that are handed to a fractal analysis, in the words of the wire."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.bands import marked
from mfn_grpc.core.fractals.options import FIELD_EDGE, MOST_LACUNARITY_EDGES, MOST_ORDERS, ORDER
from mfn_grpc.core.limits import Limit, Violation
from mfn_grpc.core.pieces import Pieces

MASS_KINDS = "biuf"
"""Element types of masses, by numpy's letters: truth values, integers with and without a sign, floats."""


def shape_violations(field: Array) -> list[Violation]:
    """What keeps an array from being a field of rows and columns, 1 to 8192 each."""
    if field.ndim != 2:
        text = f"has {field.ndim} dimensions, must have 2: rows, columns"
        return [Violation("array.shape", str(list(field.shape)), text)]
    sides = (FIELD_EDGE.violation(f"array.shape[{axis}]", side) for axis, side in enumerate(field.shape))
    return [violation for violation in sides if violation]


def mask_violations(mask: Array) -> list[Violation]:
    """What keeps an array from being a set of cells."""
    found = shape_violations(mask)
    if mask.dtype != np.bool_:
        found.append(Violation("array.element_type", str(mask.dtype), f"is {mask.dtype}, must be bool"))
    return found


def mass_violations(mass: Array) -> Pieces[list[Violation]]:
    """What keeps an array from being a distribution of mass."""
    found = shape_violations(mass)
    if mass.dtype.kind not in MASS_KINDS:
        text = f"is {mass.dtype}, must be bool, an integer or a float type"
        found.append(Violation("array.element_type", str(mass.dtype), text))
    if found or mass.dtype == np.bool_:
        return found
    bad = (yield from marked(mass, _no_mass)).cells
    if not bad:
        return []
    text = f"holds {bad} cells that are negative or not finite, must hold masses of 0 or more"
    return [Violation("array.data", f"{bad} cells", text)]


def edge_violations(edges: Sequence[int], shape: tuple[int, ...]) -> list[Violation]:
    """What is wrong with the edges of gliding boxes over a field of this shape."""
    name = "lacunarity_box_edges_cells"
    most = max(1, min(shape, default=1))
    limit = Limit(1, most, "cells", "edge of a gliding box, at most the shorter side", whole=True)
    found = [v for i, edge in enumerate(edges) if (v := limit.violation(f"{name}[{i}]", edge))]
    return [*found, *_list_violations(name, edges, MOST_LACUNARITY_EDGES)]


def order_violations(orders: Sequence[float]) -> list[Violation]:
    """What is wrong with the orders of generalised dimensions."""
    name = "generalized_orders"
    found = [v for i, order in enumerate(orders) if (v := ORDER.violation(f"{name}[{i}]", order))]
    return [*found, *_list_violations(name, orders, MOST_ORDERS)]


def _list_violations(name: str, values: Sequence[float], most: int) -> list[Violation]:
    found = [
        Violation(f"{name}[{i + 1}]", str(later), f"is {later}, must be more than the one before it, {earlier}")
        for i, (earlier, later) in enumerate(pairwise(values))
        if later <= earlier
    ]
    if len(values) > most:
        text = f"has {len(values)} entries, must have at most {most}"
        found.append(Violation(name, str(len(values)), text))
    return found


def _no_mass(cells: Array) -> Array:
    return np.asarray(~(np.isfinite(cells) & (cells >= 0)))
