"""An H.264 film that browsers play."""

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from mfn_client._colours import colour_table
from mfn_client._export._animation import AnimationWriter
from mfn_client._results import Summary


class Mp4Writer(AnimationWriter):
    """Writes with PyAV."""

    def write(self, summary: Summary | None) -> None:
        """Encode all frames."""
        colours = colour_table(self.table)
        rate = Fraction(1 / self.seconds_a_frame()).limit_denominator(1000)
        with av.open(str(self.temporary), "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=rate, options={"crf": "16", "preset": "medium"})
            stream.pix_fmt = "yuv420p"
            pictures = (_even(colours[cells]) for cells in self.pictures())
            for index, picture in enumerate(pictures):
                if index == 0:
                    stream.height, stream.width = picture.shape[:2]
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())


def _even(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with an even number of rows and columns, which the colour format needs."""
    rows, cols = picture.shape[:2]
    return np.pad(picture, ((0, rows % 2), (0, cols % 2), (0, 0)), mode="edge")
