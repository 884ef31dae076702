"""The last frame as a picture, with a colour bar."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mfn_client._colours import colour_table, shaded, table_for
from mfn_client._export._spool import scale_of
from mfn_client._export._writer import Writer
from mfn_client._results import Frame, Started, Summary

EDGE = 512
_MARGIN, _BAR, _LABELS, _TITLE = 16, 14, 70, 30
_PAPER, _INK = (12, 10, 20), (216, 214, 224)


class PngWriter(Writer):
    """Keeps the last frame only, and draws its first species."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._model = ""
        self._last: Frame | None = None

    def begin(self, started: Started) -> None:
        """Remember the model's name."""
        self._model = started.model

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
        title = f"{self._model}  {species}{'' if unit == '1' else f' ({unit})'}  step {self._last.step}"
        picture(self._last, species, title, table_for(self._model)).save(self.temporary, "PNG", optimize=True)


def picture(frame: Frame, species: str, title: str, table: str) -> Image.Image:
    """One species of a frame, enlarged smoothly to about 512 pixels, with a title and a colour bar."""
    field = np.asarray(frame.fields[species], np.float32)
    low, high = scale_of(field)
    factor = max(1, EDGE // max(field.shape))
    rows, cols = (edge * factor for edge in field.shape)
    smooth = Image.fromarray(field).resize((cols, rows), Image.Resampling.BICUBIC)
    width, height = cols + 2 * _MARGIN + _BAR + _LABELS, rows + _TITLE + 2 * _MARGIN
    sheet = Image.new("RGB", (max(width, 360), height), _PAPER)
    sheet.paste(Image.fromarray(shaded(np.asarray(smooth), low, high, table)), (_MARGIN, _MARGIN + _TITLE))
    _annotate(sheet, (cols + 2 * _MARGIN, _MARGIN + _TITLE, rows), title, (low, high), table)
    return sheet


def _annotate(
    sheet: Image.Image, bar: tuple[int, int, int], title: str, limits: tuple[float, float], table: str
) -> None:
    left, top, rows = bar
    gradient = np.repeat(colour_table(table)[::-1][:, None], _BAR, axis=1)
    sheet.paste(Image.fromarray(gradient).resize((_BAR, rows)), (left, top))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    draw.text((_MARGIN, _MARGIN), title, _INK, font)
    for share in (0.0, 0.5, 1.0):
        value = limits[1] + share * (limits[0] - limits[1])
        anchor = {0.0: "lt", 0.5: "lm", 1.0: "lb"}[share]
        draw.text((left + _BAR + 8, top + share * (rows - 1)), f"{value:.4g}", _INK, font, anchor=anchor)
