"""Frames put together from the messages that carry their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mfn_client._decoding import decoded
from mfn_client._exceptions import StreamCorrupted
from mfn_client._late import late
from mfn_grpc.arrays import ArrayError, PartAssembler

if TYPE_CHECKING:
    from mfn_client import _features as measures
    from mfn_client import _results as results
    from mfn_client._results import Field, Frame, Started
    from mfn_grpc.v1 import simulation_pb2 as simulation
    from mfn_grpc.v1.types_pb2 import ArrayPart
else:
    measures = late("mfn_client._features")
    results = late("mfn_client._results")

_LARGEST_ELEMENT = 8


class FrameAssembler:
    """Collects the parts of one frame after another; what does not fit together is `StreamCorrupted`.

    with_features: whether every frame must carry its features.
    """

    def __init__(self, started: Started, with_features: bool = False) -> None:
        rows, cols = started.shape
        self._with_features = with_features
        self._most_cells = rows * cols
        self._assembler = PartAssembler(self._most_cells * _LARGEST_ELEMENT)
        self._fields: dict[str, Field] = {}
        self._step: int | None = None

    def add(self, message: simulation.Frame) -> Frame | None:
        """Take the next message; returns the frame when this one completes it.

        Raises:
            StreamCorrupted: a part is damaged or out of order, or the frame is not what was announced.
        """
        if self._step not in {None, message.step}:
            raise StreamCorrupted(f"A piece of frame {message.step} came before frame {self._step} was whole")
        self._step = message.step
        for part in message.parts:
            self._take(part)
        return self._finish(message) if message.last else None

    def _take(self, part: ArrayPart) -> None:
        try:
            whole = self._assembler.add(part)
        except ArrayError as error:
            raise StreamCorrupted(f"Frame {self._step} arrived damaged: {error}") from error
        if whole is None:
            return
        if whole.name in self._fields:
            raise StreamCorrupted(f"Frame {self._step} holds {whole.name!r} twice")
        if whole.elements.ndim != 2:
            raise StreamCorrupted(f"Frame {self._step} holds {whole.name!r} with {whole.elements.ndim} axes, not 2")
        self._fields[whole.name] = whole.values()

    def _finish(self, message: simulation.Frame) -> Frame:
        if not self._assembler.idle or not self._fields:
            raise StreamCorrupted(f"Frame {message.step} ended before its arrays were whole")
        if self._with_features and not message.HasField("features"):
            raise StreamCorrupted(f"Frame {message.step} came without the features that were asked for")
        features = decoded(measures.Features, message.features) if message.HasField("features") else None
        frame = results.Frame(message.step, message.time, self._fields, features)
        self._fields, self._step = {}, None
        return frame
