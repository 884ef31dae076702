"""An animated GIF that repeats; its palette is the colour table in 64 colours, which halves the file."""

from PIL import Image

from mfn_client._colours import colour_table
from mfn_client._export._animation import AnimationWriter
from mfn_client._results import Summary

LAST_FRAME_S = 1.5
_SHADES = 64
_PER_SHADE = 256 // _SHADES


class GifWriter(AnimationWriter):
    """Writes with Pillow."""

    def write(self, summary: Summary | None) -> None:
        """Write all frames; the last one stays a little longer."""
        palette = colour_table(self.table)[_PER_SHADE // 2 :: _PER_SHADE].tobytes()
        images = []
        for cells in self.pictures():
            images.append(image := Image.fromarray(cells // _PER_SHADE, "P"))
            image.putpalette(palette)
        shown = round(self.seconds_a_frame() * 100) * 10  # GIF counts in hundredths of a second
        durations = [shown] * (len(images) - 1) + [round(LAST_FRAME_S * 1000)]
        images[0].save(
            self.temporary, "GIF", save_all=True, append_images=images[1:], duration=durations, loop=0, optimize=False
        )
