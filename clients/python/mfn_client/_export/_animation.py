"""What animated formats have in common: the first species of each frame, one colour scale for all of them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mfn_client._colours import levels, table_for
from mfn_client._export._size import picture_size
from mfn_client._export._spool import FrameSpool
from mfn_client._export._writer import Writer
from mfn_client._results import Frame, Started

PLAY_S = 8.0
FRAME_S = (0.03, 0.25)
"""An animation plays for `PLAY_S`, unless that would make its frames shorter or longer than this."""


class AnimationWriter(Writer):
    """Spools the frames; `pictures` gives them back as indices into the colour table."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._spool = FrameSpool()
        self.table = "lagoon"
        self._spacing = (1.0, 1.0)

    def begin(self, started: Started) -> None:
        """Choose the colours and remember the shape of a cell."""
        self.table = table_for(started.model)
        self._spacing = started.spacing

    def add(self, frame: Frame) -> None:
        """Keep the first species."""
        self._spool.add(next(iter(frame.fields.values())))

    def seconds_a_frame(self) -> float:
        """How long each frame is shown."""
        shortest, longest = FRAME_S
        return min(max(PLAY_S / len(self._spool), shortest), longest)

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        """The frames, enlarged or reduced to about 512 pixels, one at a time."""
        low, high = self._spool.limits()
        for field in self._spool:
            yield _resized(levels(field, low, high), self._spacing)

    def close(self) -> None:
        """Delete the spool."""
        self._spool.close()


def _resized(cells: NDArray[np.uint8], spacing: tuple[float, float]) -> NDArray[np.uint8]:
    """Cells as blocks of pixels, or averaged where there are more cells than pixels."""
    rows, cols = picture_size((cells.shape[0], cells.shape[1]), spacing)
    return np.asarray(Image.fromarray(cells).resize((cols, rows), Image.Resampling.BOX))
