"""How large a grid or field this server takes, below what the contract permits: a small machine's own limit."""

import math
from collections.abc import Iterator, Sequence

from mfn_grpc.core.limits import Violation

LONGEST_EDGE = 8192
MOST_CELLS = LONGEST_EDGE**2
"""The largest field of the contract; the largest grid of a simulation has 4096 x 4096."""
AXES = 2


def grid_violations(shape: Sequence[int], field: str, most_cells: int) -> Iterator[Violation]:
    """What is too large about an array of this shape, whose last two axes are rows and columns."""
    edges = list(shape[-AXES:])
    if math.prod(edges) > most_cells:
        grid = " x ".join(map(str, edges))
        text = f"is {grid} = {math.prod(edges):,} cells, must have at most {most_cells:,}, the most that this server"
        yield Violation(field, str(edges), f"{text} takes (its MFN_MAX_CELLS)")
