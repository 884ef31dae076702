"""The last frame as a picture, with a colour bar."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mfn_client._colours import colour_table, shaded, table_for
from mfn_client._export._size import EDGE, picture_size
from mfn_client._export._spool import HIGH, LOW, scale_of
from mfn_client._export._writer import Writer
from mfn_client._results import Frame, Started, Summary

LONGEST = 1024
"""No picture of a grid is longer, in pixels."""

_MARGIN, _TITLE, _TEXT = 16, 30, 14
_BAR, _GAP, _BAR_ROWS = 14, 8, 72
"""Width of the colour bar, distance of its labels, and the height at which these have room; in pixels."""

_PAPER, _INK = (12, 10, 20), (216, 214, 224)


class PngWriter(Writer):
    """Keeps the last frame only, and draws its first species."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._model, self._spacing = "", (1.0, 1.0)
        self._last: Frame | None = None

    def begin(self, started: Started) -> None:
        """Remember the model's name and the shape of a cell."""
        self._model, self._spacing = started.model, started.spacing

    def add(self, frame: Frame) -> None:
        """Keep the frame until the next one."""
        self._last = frame

    def write(self, summary: Summary | None) -> None:
        """Draw."""
        if self._last is None:
            return
        species = next(iter(self._last.fields))
        units = {each.name: each.unit for each in summary.species} if summary else {}
        unit = units.get(species, "1")
        title = f"{self._model}  {species}{'' if unit == '1' else f' ({unit})'}  step {self._last.step:,}"
        drawn = picture(self._last, species, title, table_for(self._model), self._spacing)
        drawn.save(self.temporary, "PNG", optimize=True)


def picture(
    frame: Frame, species: str, title: str, table: str, spacing: tuple[float, float] = (1.0, 1.0)
) -> Image.Image:
    """One species of a frame with a title and a colour bar, enlarged smoothly to about 512 pixels.

    Grids of up to 1024 cells keep a pixel for each, larger ones are reduced to that.
    """
    field = np.asarray(frame.fields[species], np.float32)
    low, high = scale_of(field)
    edge = min(max(EDGE, *field.shape), LONGEST)
    rows, cols = picture_size((field.shape[0], field.shape[1]), spacing, edge)
    smooth = Image.fromarray(field).resize((cols, rows), Image.Resampling.BICUBIC)
    labels, font = _labels(field, low, high), ImageFont.load_default(_TEXT)
    width = cols + 3 * _MARGIN + _BAR + _GAP + math.ceil(max(map(font.getlength, labels)))
    height = max(rows, _BAR_ROWS) + _TITLE + 2 * _MARGIN
    sheet = Image.new("RGB", (max(width, 2 * _MARGIN + math.ceil(font.getlength(title))), height), _PAPER)
    sheet.paste(Image.fromarray(shaded(np.asarray(smooth), low, high, table)), (_MARGIN, _MARGIN + _TITLE))
    ImageDraw.Draw(sheet).text((_MARGIN, _MARGIN), title, _INK, font)
    _add_bar(sheet, (cols + 2 * _MARGIN, _MARGIN + _TITLE, max(rows, _BAR_ROWS)), labels, table)
    return sheet


def _labels(field: NDArray[np.float32], low: float, high: float) -> tuple[str, str, str]:
    """What stands at the top, the middle and the bottom of the bar; ends say which percentile they are."""
    top = f" ({HIGH:g} %)" if field.max() > high else ""
    bottom = f" ({LOW:g} %)" if field.min() < low else ""
    return f"{high:.4g}{top}", f"{(low + high) / 2:.4g}", f"{low:.4g}{bottom}"


def _add_bar(sheet: Image.Image, bar: tuple[int, int, int], labels: tuple[str, str, str], table: str) -> None:
    left, top, rows = bar
    gradient = np.repeat(colour_table(table)[::-1][:, None], _BAR, axis=1)
    sheet.paste(Image.fromarray(gradient).resize((_BAR, rows)), (left, top))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_TEXT)
    for label, share, anchor in zip(labels, (0.0, 0.5, 1.0), ("lt", "lm", "lb"), strict=True):
        draw.text((left + _BAR + _GAP, top + share * (rows - 1)), label, _INK, font, anchor=anchor)
