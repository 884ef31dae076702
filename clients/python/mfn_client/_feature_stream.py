"""Features of a history of fields while it comes into being, on both faces."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

from numpy.typing import ArrayLike

from mfn_client._decoding import decoded
from mfn_client._exceptions import FieldViolation, RpcError, StreamCorrupted, invalid
from mfn_client._feature_calls import as_field
from mfn_client._features import FeatureReport
from mfn_client._spec import Faults
from mfn_client._streamed import AsyncStreamed, Streamed
from mfn_grpc.arrays import AnyArray, split_parts
from mfn_grpc.v1 import features_pb2 as pb

EXTRACT_FEATURE_STREAM = "/mfn.v1.FeatureService/ExtractFeatureStream"
Frames = Iterable[ArrayLike]
AsyncFrames = AsyncIterable[ArrayLike] | Iterable[ArrayLike]
Requests = Iterator[pb.ExtractFeatureStreamRequest]


class FrameMessages:
    """Turns frames into the messages of a feature stream, one frame after another."""

    def __init__(self, begin: pb.FeatureStreamBegin) -> None:
        self._begin = begin
        self._shape: tuple[int, ...] | None = None
        self.count = 0

    def of(self, frame: ArrayLike) -> Requests:
        """The messages of the next frame; before the first one's comes the beginning of the stream.

        Raises:
            InvalidArgument: it is no field of numbers, or not of the first one's shape.
        """
        field = self._checked(frame)
        if self._shape is None:
            self._shape = field.shape
            self._begin.shape.extend(field.shape)
            yield pb.ExtractFeatureStreamRequest(begin=self._begin)
        for part in split_parts("", field):
            yield pb.ExtractFeatureStreamRequest(part=part)
        self.count += 1

    def _checked(self, frame: ArrayLike) -> AnyArray:
        path, faults = f"frames[{self.count}]", Faults()
        field = as_field(frame, path, faults)
        faults.check()
        if field.ndim != 2:
            faults.add(path, f"has {field.ndim} axes, must have two (rows, columns)")
        elif self._shape not in {None, field.shape}:
            faults.add(path, f"is of shape {list(field.shape)}, must be {list(self._shape or ())} as the first one")
        faults.check()
        return field


class FeatureStreamState:
    """The state of a feature stream, without its I/O. It is never repeated: the frames cannot be had again.

    What goes wrong with a frame, or in the caller's iterator, ends the requests, which are read on another thread or
    task; it is raised where the caller reads the reports.
    """

    def __init__(self, begin: pb.FeatureStreamBegin, frames: AsyncFrames, timeout: float | None) -> None:
        self._messages = FrameMessages(begin)
        self._frames = frames
        self._timeout = timeout
        self._fault: Exception | None = None
        self._last_frame = -1

    def connect(self) -> tuple[Any, float | None]:
        """The requests, for a synchronous or an asynchronous channel as the frames are, and their seconds."""
        return self._requests(), self._timeout

    def _requests(self) -> Requests:
        try:
            for frame in self._frames:  # type: ignore[union-attr]  # the synchronous face takes iterables only
                yield from self._messages.of(frame)
            self._check_any()
        except Exception as fault:  # noqa: BLE001  # raised on the caller's side
            self._fault = fault

    def _check_any(self) -> None:
        if self._messages.count == 0:
            raise invalid([FieldViolation("frames", "is empty, must hold at least one frame")])

    def accept(self, response: pb.ExtractFeatureStreamResponse) -> FeatureReport:
        """Take the next report.

        Raises:
            StreamCorrupted: it is not of a later frame than the last one.
        """
        self._raise_fault()
        if response.frame <= self._last_frame:
            raise StreamCorrupted(f"A report of frame {response.frame} came after one of {self._last_frame}")
        self._last_frame = response.frame
        return decoded(FeatureReport, response)

    def failed(self, error: RpcError) -> float:
        """Raises what the caller should see: what is wrong with the frames, or else the error."""
        self._raise_fault()
        raise error

    def ended(self) -> None:
        """Nothing more comes.

        Raises:
            StreamCorrupted: the last frame was not reported.
        """
        self._raise_fault()
        if self._last_frame != self._messages.count - 1:
            sent, told = self._messages.count, self._last_frame
            raise StreamCorrupted(f"{sent} frames were sent, but the last report is of frame {told}, counted from 0")

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault


class AsyncFeatureStreamState(FeatureStreamState):
    """The same for a channel of asyncio; frames may come from an asynchronous iterable or a plain one."""

    def connect(self) -> tuple[Any, float | None]:
        """The requests and their seconds."""
        return self._async_requests(), self._timeout

    async def _async_requests(self) -> AsyncIterator[pb.ExtractFeatureStreamRequest]:
        try:
            async for frame in _one_by_one(self._frames):
                for message in self._messages.of(frame):
                    yield message
            self._check_any()
        except Exception as fault:  # noqa: BLE001  # raised on the caller's side
            self._fault = fault


async def _one_by_one(frames: AsyncFrames) -> AsyncIterator[ArrayLike]:
    if isinstance(frames, AsyncIterable):
        async for frame in frames:
            yield frame
    else:
        for frame in frames:
            yield frame


class FeatureStream(Streamed[FeatureReport]):
    """An iterator of `FeatureReport`; the frames are read on a thread of grpc's while reports are awaited.

    Leaving a `for` loop, `close()` and the end of a `with` block cancel the call.

    Raises while iterating:
        InvalidArgument: a frame is not of the first one's shape, or no field of numbers; no more reports come.
        RpcError: the server refuses, or is lost; the history begins again with another stream.
        StreamCorrupted: the stream cannot be trusted.
    """


class AsyncFeatureStream(AsyncStreamed[FeatureReport]):
    """As `FeatureStream`, for `async for` and `async with`; cancelling the task cancels the call."""
