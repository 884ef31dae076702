"""A field as coloured half blocks in a terminal, two cells high."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

from mfn_client._colours import shaded

if TYPE_CHECKING:
    from collections.abc import Iterator

_UPPER_HALF = "▀"


class HeatMap:
    """A rich renderable of the latest field; setting `field` is cheap, drawing happens when the screen refreshes."""

    def __init__(self, table: str, max_lines: int = 32) -> None:
        self.field: NDArray[Any] | None = None
        self._table = table
        self._max_lines = max_lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.field is None:
            return
        lines = max(2, min(self._max_lines, console.height - 6))
        pixels = shaded(*_with_scale(reduced(self.field, 2 * lines, options.max_width)), self._table)
        yield from half_blocks(pixels)


def reduced(field: NDArray[Any], rows: int, cols: int) -> NDArray[np.float64]:
    """The field averaged over square blocks until it has at most so many rows and columns; never enlarged."""
    block = max(1, -(-field.shape[0] // rows), -(-field.shape[1] // cols))
    kept_rows, kept_cols = (max(1, edge // block) for edge in field.shape)
    cut = np.asarray(field[: kept_rows * block, : kept_cols * block], np.float64)
    height, width = cut.shape[0] // kept_rows, cut.shape[1] // kept_cols
    return np.asarray(cut.reshape(kept_rows, height, kept_cols, width).mean(axis=(1, 3)))


def _with_scale(field: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
    low, high = np.percentile(field, (0.5, 99.5))
    return field, float(low), float(high)


def half_blocks(pixels: NDArray[np.uint8]) -> "Iterator[Segment]":
    """Segments of a picture [rows, columns, 3]: each character shows two rows, the upper one in its ink."""
    if len(pixels) % 2:
        pixels = np.concatenate([pixels, pixels[-1:]])
    for upper, lower in zip(pixels[::2].tolist(), pixels[1::2].tolist(), strict=True):
        for ink, paper in zip(upper, lower, strict=True):
            yield Segment(_UPPER_HALF, Style(color=Color.from_rgb(*ink), bgcolor=Color.from_rgb(*paper)))
        yield Segment.line()
