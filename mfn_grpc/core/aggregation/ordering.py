"""Who is near to whom."""

import numpy as np

from mfn_grpc.core.aggregation.blocks import PIECE_ELEMENTS
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces


def nearest_first(squared: Array) -> Pieces[Array]:
    """Row i: the others of i by their distance, of equally near ones the first, and i itself last; int32 [n, n].

    squared: squared distances [n, n].
    """
    n = len(squared)
    order, step = np.empty((n, n), np.int32), max(1, PIECE_ELEMENTS // n)
    for first in range(0, n, step):
        rows = squared[first : first + step].copy()
        own = np.arange(len(rows))
        rows[own, first + own] = np.inf
        order[first : first + step] = np.argsort(rows, axis=1, kind="stable")
        yield
    return order
