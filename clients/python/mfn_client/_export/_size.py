"""How many pixels a picture of a grid has: true to the distances between its cells, within bounds."""

import math

EDGE = 512
"""Longest side of a picture, as near as whole multiples of a cell come."""

THINNEST = 16
"""No side is shorter, however elongated the grid is; its picture is then wider than true."""


def picture_size(cells: tuple[int, int], spacing: tuple[float, float], edge: int = EDGE) -> tuple[int, int]:
    """Rows and columns in pixels of a picture whose longer side has about `edge` of them.

    A cell's shorter side is a whole number of pixels where there is room for one.
    """
    lengths = [count * distance for count, distance in zip(cells, spacing, strict=True)]
    scale, finest = edge / max(lengths), min(spacing)
    whole = math.floor(finest * scale * (1 + 1e-9))  # 512 / 24 * 24 must not come out below 512
    if whole >= 1:
        scale = whole / finest
    rows, cols = (max(THINNEST, round(length * scale)) for length in lengths)
    return rows, cols
