"""An animated GIF that repeats; its palette is the colour table in 64 colours, which halves the file."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.GifImagePlugin import getdata, getheader

from mfn_client._colours import colour_table
from mfn_client._export._animation import AnimationWriter
from mfn_client._results import Summary

LAST_FRAME_S = 1.5
_SHADES = 64
_PER_SHADE = 256 // _SHADES
_TRAILER = b";"


class GifWriter(AnimationWriter):
    """Encodes with Pillow, one frame at a time: its own way to save an animation holds all of them in memory."""

    def write(self, summary: Summary | None) -> None:
        """Write all frames; the last one stays a little longer."""
        shown = round(self.seconds_a_frame() * 100) * 10  # GIF counts in hundredths of a second
        before: NDArray[np.uint8] | None = None
        with self.temporary.open("wb") as file:
            for number, levels in enumerate(self.pictures(), 1):
                shades = levels // _PER_SHADE
                if before is None:
                    file.writelines(getheader(self._image(shades), info={"loop": 0})[0])
                top, bottom, start, end = _changed(before, shades)
                duration = shown if number < len(self._spool) else round(LAST_FRAME_S * 1000)
                file.writelines(getdata(self._image(shades[top:bottom, start:end]), (start, top), duration=duration))
                before = shades
            file.write(_TRAILER)

    def _image(self, shades: NDArray[np.uint8]) -> Image.Image:
        image = Image.fromarray(shades)
        image.putpalette(colour_table(self.table)[_PER_SHADE // 2 :: _PER_SHADE].tobytes())
        return image


def _changed(before: NDArray[np.uint8] | None, now: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the part of a frame that must be drawn over the last one; at least a pixel."""
    if before is None:
        return 0, now.shape[0], 0, now.shape[1]
    different = before != now
    bounds = []
    for axis in (1, 0):
        places = np.flatnonzero(different.any(axis=axis))
        bounds += [int(places[0]), int(places[-1]) + 1] if places.size else [0, 1]
    top, bottom, left, right = bounds
    return top, bottom, left, right
