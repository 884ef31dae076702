"""Colour tables for fields: dark where values are low, light where they are high."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Control points (position, red, green, blue), chosen so that lightness rises all the way: the order of values shows in
# grey as well. Between them the components are interpolated linearly.
_POINTS = {
    "ember": (
        (0.00, 6, 4, 18),
        (0.15, 34, 15, 72),
        (0.30, 84, 20, 112),
        (0.45, 140, 36, 116),
        (0.60, 201, 62, 92),
        (0.75, 245, 116, 70),
        (0.88, 253, 183, 106),
        (1.00, 253, 246, 200),
    ),
    "lagoon": (
        (0.00, 22, 14, 60),
        (0.18, 40, 52, 122),
        (0.36, 32, 100, 146),
        (0.54, 26, 146, 142),
        (0.72, 84, 190, 106),
        (0.88, 178, 222, 66),
        (1.00, 250, 240, 122),
    ),
}


@cache
def colour_table(name: str) -> NDArray[np.uint8]:
    """The 256 colours of a table, [256, 3]; "ember" runs from black over purple to cream, "lagoon" blue to yellow."""
    points = np.array(_POINTS[name])
    positions = np.linspace(0, 1, 256)
    channels = [np.interp(positions, points[:, 0], points[:, channel]) for channel in (1, 2, 3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)


def levels(field: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """The field as indices into a colour table: `low` and below are 0, `high` and above 255."""
    span = high - low
    if not span > 0:
        return np.full(np.shape(field), 128, np.uint8)
    scaled = (np.asarray(field, np.float64) - low) * (255 / span)
    return np.round(np.clip(np.nan_to_num(scaled, nan=0.0), 0, 255)).astype(np.uint8)


def shaded(field: NDArray[Any], low: float, high: float, name: str) -> NDArray[np.uint8]:
    """The field in colours, [rows, columns, 3]."""
    return colour_table(name)[levels(field, low, high)]


def table_for(model: str) -> str:
    """The table in which a model is drawn unless something else is said."""
    return "ember" if model == "mycelium" else "lagoon"
