"""Features online: fields come one after the other, and only the last of them is kept."""

from collections.abc import Sequence

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.features.checks import (
    dtype_violations,
    finiteness_violations,
    shape_violations,
    threshold_violations,
)
from mfn_grpc.core.features.follower import Follower
from mfn_grpc.core.features.measure import measure
from mfn_grpc.core.features.results import Measured
from mfn_grpc.core.features.thresholds import Thresholds
from mfn_grpc.core.limits import Violation, refuse
from mfn_grpc.core.pieces import Pieces, finish


class FeatureStream:
    """The features of a history whose fields are added one by one. Not thread-safe.

    frames: fields added so far. Memory: one field and a block of rows, however many there are.
    """

    def __init__(self, shape: Sequence[int], thresholds: Thresholds) -> None:
        """A stream of fields [rows, cols], 1 to 4096 each; raises InvalidInput (`shape`, `options.thresholds`)."""
        refuse([*shape_violations(shape, "shape"), *threshold_violations(thresholds)])
        self.shape = tuple(shape)
        self.frames = 0
        self._thresholds = thresholds
        self._follower: Follower | None = None

    def add(self, frame: Array) -> None:
        """Take in the next field, [rows, cols], finite, float64 or float32; it is copied.

        Raises InvalidInput (`part.header.shape`, `part.header.element_type`, `part.data`) and leaves the stream as it
        was.
        """
        finish(self.adding(frame))

    def adding(self, frame: Array) -> Pieces[None]:
        """`add` in pieces; nothing else may be done with the stream before the last of them."""
        faults = [*dtype_violations(frame, "part.header"), *self._misfits(frame)]
        if not faults:
            faults = yield from finiteness_violations(frame, "part.data")
        refuse(faults)
        if self._follower is None:
            self._follower = yield from Follower.beginning(frame)
        else:
            yield from self._follower.follow(frame)
        self.frames += 1

    def measure(self) -> Pieces[Measured]:
        """The features of the fields so far, of which there must be one; ValueError otherwise."""
        if self._follower is None:
            raise ValueError("no field was added yet")
        return measure(self._follower.field, self._follower.history, self._thresholds)

    def _misfits(self, frame: Array) -> list[Violation]:
        if frame.shape == self.shape:
            return []
        text = f"is {list(frame.shape)}, must be {list(self.shape)}, the shape of every frame of this stream"
        return [Violation("part.header.shape", str(list(frame.shape)), text)]
