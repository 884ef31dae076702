"""The messages of a feature stream: what it is about, then frames in parts."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass

from mfn_grpc.arrays import AnyArray, PartAssembler
from mfn_grpc.core.dynamics.early_warning import EarlyWarningOptions, monitor_bytes
from mfn_grpc.core.features import Thresholds
from mfn_grpc.core.features.checks import shape_violations
from mfn_grpc.core.limits import Faults, InvalidInput, Limit, Violation, refuse
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import features_pb2 as pb
from mfn_grpc.v1.types_pb2 import ArrayPart
from mfn_server.decoding import bounded
from mfn_server.errors import Fault
from mfn_server.features.early_warning import decode_early_warning
from mfn_server.features.memory import MEASURING_BYTES, STREAMING_BYTES
from mfn_server.features.options import decode_thresholds
from mfn_server.grids import MOST_CELLS, grid_violations
from mfn_server.parts import add_part, header_violations
from mfn_server.uploads import FIELD_TYPES

REPORT_STRIDE = Limit(1, 1_000_000, "frames", "frames between two responses")
WIDEST = 8
AXES = 2

Messages = AsyncIterator[pb.ExtractFeatureStreamRequest]


@dataclass(frozen=True)
class FrameStream:
    """What a stream of frames is about.

    shape: rows and columns of every frame. stride: frames between two answers. early_warning: None to look for none.
    """

    shape: tuple[int, int]
    thresholds: Thresholds
    stride: int
    early_warning: EarlyWarningOptions | None

    @property
    def frame_bytes(self) -> int:
        """Bytes of the largest frame."""
        return WIDEST * self.shape[0] * self.shape[1]

    @property
    def bytes_needed(self) -> int:
        """Frames that arrive and are kept, and what measuring takes; the same however long the stream."""
        watching = 0 if self.early_warning is None else monitor_bytes(self.early_warning)
        return (STREAMING_BYTES + MEASURING_BYTES) * self.shape[0] * self.shape[1] + watching


async def begin_stream(messages: Messages, most_cells: int = MOST_CELLS) -> FrameStream:
    """The first message, understood; refuses a stream that begins with another, with all that is wrong with it."""
    message = await anext(messages, None)
    if message is None:
        raise Fault(reasons.ERROR_REASON_MISSING_REQUEST, "the stream was closed before its first message")
    if message.WhichOneof("message") != "begin":
        text = "a stream begins with the message `begin`, which says what its frames are"
        raise Fault(reasons.ERROR_REASON_UNEXPECTED_MESSAGE, text)
    faults = Faults()
    with faults.under("begin"):
        stream = _decode_begin(message.begin, faults, most_cells)
    faults.refuse()
    return stream


async def frames_of(messages: Messages, stream: FrameStream) -> AsyncGenerator[AnyArray, None]:
    """The frames as they are complete; refuses messages and parts that do not fit, and an end within a frame."""
    assembler, frame, part = PartAssembler(stream.frame_bytes), 0, 0
    async for message in messages:
        if message.WhichOneof("message") != "part":
            text = "only parts of frames may follow the first message"
            raise Fault(reasons.ERROR_REASON_UNEXPECTED_MESSAGE, text)
        if part == 0:
            refuse(_first_violations(message.part, stream, frame))
        array = add_part(assembler, message.part, f"part {part} of frame {frame}")
        part += 1
        if array is not None:
            yield array.elements
            frame, part = frame + 1, 0
    if part:
        text = f"the stream ended after {part} parts of frame {frame}, before it was complete"
        raise InvalidInput([Violation("part", "", text)])


def _decode_begin(begin: pb.FeatureStreamBegin, faults: Faults, most_cells: int) -> FrameStream:
    shape = tuple(bounded(begin.shape, AXES, "shape", faults))
    if len(begin.shape) <= AXES:
        for violation in [*shape_violations(shape, "shape")] or grid_violations(shape, "shape", most_cells):
            faults.add(violation)
    stride = begin.report_stride if begin.HasField("report_stride") else 1
    if fault := REPORT_STRIDE.violation("report_stride", stride):
        faults.add(fault)
    with faults.under("options"):
        thresholds = decode_thresholds(begin.options, faults)
    early_warning = None
    if begin.HasField("early_warning"):
        with faults.under("early_warning"):
            early_warning = decode_early_warning(begin.early_warning, faults)
    rows, cols = shape if len(shape) == AXES else (0, 0)
    return FrameStream((rows, cols), thresholds, stride, early_warning)


def _first_violations(part: ArrayPart, stream: FrameStream, frame: int) -> Iterator[Violation]:
    """What is wrong with a frame, as far as its first part tells."""
    found = list(header_violations(part, FIELD_TYPES))
    shape = list(part.header.shape[: AXES + 1])
    if part.HasField("header") and shape != list(stream.shape):
        text = f"is {shape}, must be {list(stream.shape)}, the shape of every frame of this stream"
        found.append(Violation("part.header.shape", str(shape), text))
    for violation in found:
        yield of_frame(violation, frame)


def of_frame(violation: Violation, frame: int) -> Violation:
    """The same violation, of a frame by its number."""
    return Violation(violation.field, violation.value, f"{violation.description} (frame {frame})")
