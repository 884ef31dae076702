"""Self-similar sets on their own grid: every cell of a motif replaced by the motif, again and again."""

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.fractals.options import FIELD_EDGE
from mfn_grpc.core.limits import Limit, Violation, refuse

DEPTH = Limit(0, 13, "1", "replacements", whole=True)

TRIANGLE_MOTIF = ((True, False), (True, True))
CARPET_MOTIF = ((True, True, True), (True, False, True), (True, True, True))
VICSEK_MOTIF = ((False, True, False), (True, True, True), (False, True, False))
DUST_MOTIF = ((True, False, True), (False, False, False), (True, False, True))


def substitution(motif: tuple[tuple[bool, ...], ...], depth: int) -> Array:
    """The set after `depth` replacements: bool [n^depth, n^depth] for a motif of n x n cells.

    Its dimension is ln(cells of the motif) / ln n, and box counts of base n follow it exactly. Raises InvalidInput when
    the motif is not square or the set is wider than 8192 cells.
    """
    base = np.array(motif, dtype=np.bool_)
    if base.ndim != 2 or base.shape[0] != base.shape[1]:
        text = f"has shape {list(base.shape)}, must be square"
        refuse([Violation("motif", str(list(base.shape)), text)])
    refuse(v for v in (DEPTH.violation("depth", depth),) if v)
    refuse(v for v in (FIELD_EDGE.violation("depth", base.shape[0] ** depth),) if v)
    cells = np.ones((1, 1), np.bool_)
    for _ in range(depth):
        cells = np.kron(cells, base)
    return cells
