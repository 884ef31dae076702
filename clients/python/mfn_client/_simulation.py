"""A streamed simulation as an iterator of frames: the synchronous face."""

import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import grpc

from mfn_client._exceptions import MfnError, translated
from mfn_client._results import Frame, Started, Summary
from mfn_client._stream import SimulationStream
from mfn_grpc.v1 import simulation_pb2 as simulation

if TYPE_CHECKING:
    import xarray

OpenCall = Callable[[simulation.SimulateRequest, float | None], Any]


class SimulationState:
    """What both faces tell of a simulation."""

    def __init__(self, stream: SimulationStream) -> None:
        self._stream = stream

    @property
    def started(self) -> Started | None:
        """How the server understood the request; None until the first frame has come."""
        return self._stream.started

    @property
    def summary(self) -> Summary | None:
        """What the run came to; None until the last frame has been handed out and the iteration has ended."""
        return self._stream.summary

    @property
    def resume_token(self) -> bytes:
        """Continues the simulation after the last frame handed out, by `simulate(..., resume_token=...)`."""
        return self._stream.resume_token


class Simulation(SimulationState):
    """An iterator of `Frame` that resumes by itself, with the same bits, when the connection or the server is lost.

    Leaving a `for` loop, `close()` and the end of a `with` block cancel the call, and the server stops computing.

    Raises while iterating:
        RpcError: the server refuses, or stays away for longer than `resume_for`.
        DeadlineExceeded: the timeout came first; carries `resume_token` and `steps_done`.
        StreamCorrupted, NotReproducible: the stream cannot be trusted.
    """

    def __init__(
        self, stream: SimulationStream, open_call: OpenCall, sleep: Callable[[float], object] | None = None
    ) -> None:
        super().__init__(stream)
        self._open_call = open_call
        self._call: Any = None
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait  # so that close() from another thread ends the waiting

    def __iter__(self) -> Iterator[Frame]:
        try:
            while (frame := next(self, None)) is not None:
                yield frame
        finally:
            self.close()

    def __next__(self) -> Frame:
        try:
            while not self._closed.is_set():
                frame = self._advance()
                if frame is not None:
                    return frame
        except MfnError:
            self.close()
            raise
        raise StopIteration

    def _advance(self) -> Frame | None:
        """Make one step: connect, read a message, or wait; returns a frame when there is one for the caller."""
        if self._call is None:
            self._call = self._open_call(*self._stream.connect())
        try:
            response = next(self._call, None)
        except grpc.RpcError as error:
            if not self._closed.is_set():
                self._pause(self._stream.failed(translated(error)))
            return None
        if response is not None:
            return self._stream.accept(response)
        self._pause(self._stream.ended())
        return None

    def _pause(self, delay: float | None) -> None:
        self._call = None
        if delay is None:
            self._closed.set()
        elif delay > 0:
            self._sleep(delay)

    def close(self) -> None:
        """Cancel the call if it is still open; frames end here."""
        self._closed.set()
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def to_xarray(self) -> "xarray.Dataset":
        """The frames that are still to come as an `xarray.Dataset` with dimensions (step, row, col).

        Coordinates: step, time (model time units), row and col (length units, cell centres). Attributes: the spec as
        JSON, its hash, the model, numerics_version; each variable has its units.

        Raises:
            ImportError: xarray is not installed.
        """
        from mfn_client._xarray import dataset, require_xarray  # noqa: PLC0415  # only who calls this needs xarray

        require_xarray()
        frames = list(self)
        return dataset(frames, self.started, self.summary)
