"""The state of a streamed simulation, without its I/O: what to ask for next, what to make of each message.

A simulation outlives its connections. Each connection begins with a request that carries the last resume token; a
frame that was cut off is dropped and comes again whole. Where a server refuses the token (it was restarted without the
key that signed it), the simulation starts from the beginning and frames already handed out are passed over: the same
spec gives the same bits, which the spec's hash and the numerics version vouch for.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import grpc

from mfn_client._decoding import decoded
from mfn_client._exceptions import (
    DeadlineExceeded,
    NotReproducible,
    RpcError,
    StreamCorrupted,
    Unavailable,
    out_of_time,
)
from mfn_client._frames import FrameAssembler
from mfn_client._late import late
from mfn_client._resume import Backoff, is_busy

if TYPE_CHECKING:
    from collections.abc import Callable

    from mfn_client import _results as results
    from mfn_client._results import Frame, Started, Summary
    from mfn_grpc.v1 import simulation_pb2 as simulation
else:
    simulation = late("mfn_grpc.v1.simulation_pb2")
    results = late("mfn_client._results")

_TOKEN_REFUSED = {"RESUME_TOKEN_INVALID", "RESUME_TOKEN_FOREIGN", "RESUME_TOKEN_STALE"}
_COMPLETED = "completed"


class SimulationStream:
    """Takes messages and failures in, gives requests, frames and waiting times out.

    Args:
        request: The first request; its resume token, if any, is the caller's.
        timeout: Seconds for the whole simulation, however many connections it takes; None for no limit.
        backoff: Decides how long to go on after failures.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        request: simulation.SimulateRequest,
        timeout: float | None,
        backoff: Backoff,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request = request
        self._backoff = backoff
        self._clock = clock
        self._deadline = None if timeout is None else clock() + timeout
        self._token = _Token(request.resume_token, sequence=None if request.resume_token else 0, step=None)
        self._sequence: int | None = None
        self._frames: FrameAssembler | None = None
        self._next_step: int | None = None
        self._handed_out: int | None = None
        self._replayed: int | None = None
        self.started: Started | None = None
        self.summary: Summary | None = None
        self.resume_token: bytes = request.resume_token

    @property
    def finished(self) -> bool:
        """Whether all steps are done and every frame has been handed out."""
        return self.summary is not None and self.summary.stop_reason == _COMPLETED

    def connect(self) -> tuple[simulation.SimulateRequest, float | None]:
        """The request of the next connection, and its seconds.

        Raises:
            DeadlineExceeded: none are left.
        """
        self._sequence, self._frames, self.summary = None, None, None
        request = simulation.SimulateRequest()
        request.CopyFrom(self._request)
        request.resume_token = self._token.value
        return request, self._time_left()

    def accept(self, response: simulation.SimulateResponse) -> Frame | None:
        """Take the next message; returns a frame when the caller should have it.

        Raises:
            StreamCorrupted: the message does not follow the last one, or is damaged.
            NotReproducible: another server understood the spec differently.
            DeadlineExceeded: the server stopped because the caller's time is up.
        """
        event = response.WhichOneof("event")
        if event == "started":
            self._start(response)
            return None
        self._follow(response.sequence)
        if event == "frame":
            return self._take(response.frame, response.sequence)
        if event == "summary":
            self._stop(response)
            return None
        raise StreamCorrupted(f"Message {response.sequence} of the stream is of an unknown kind")

    def failed(self, error: RpcError) -> float:
        """Seconds to wait after a connection failed; raises what the caller should see when there is no going on.

        A busy server is asked again whenever it refuses. A simulation that never started is otherwise not retried
        here: the channel has done so already, and a wrong address should be told at once.
        """
        if isinstance(error, DeadlineExceeded) and self._deadline is not None:
            raise self._out_of_time() from error
        if self.started is not None and error.reason in _TOKEN_REFUSED and self._token.value:
            self._token = _Token(b"", sequence=0, step=None)
            return 0.0
        if is_busy(error) or (self.started is not None and _is_interruption(error)):
            return self._wait(error)
        raise error

    def ended(self) -> float | None:
        """Seconds to wait after a connection ended without an error; None when the simulation is complete."""
        if self.finished:
            return None
        why = f"stopped early ({self.summary.stop_reason})" if self.summary else "ended the stream without a summary"
        return self._wait(Unavailable(grpc.StatusCode.UNAVAILABLE, f"The server {why}"))

    def _wait(self, error: RpcError) -> float:
        delay = self._backoff.delay(error.retry_after)
        if delay is None:
            raise error
        left = self._time_left()
        return delay if left is None else min(delay, left)

    def _time_left(self) -> float | None:
        if self._deadline is None:
            return None
        left = self._deadline - self._clock()
        if left <= 0:
            raise self._out_of_time()
        return left

    def _out_of_time(self) -> RpcError:
        done = 0 if self.started is None or self._handed_out is None else self._handed_out - self.started.first_step
        return out_of_time(done, self.resume_token)

    def _start(self, response: simulation.SimulateResponse) -> None:
        started = decoded(results.Started, response.started)
        if self._sequence is not None:
            raise StreamCorrupted("The stream started twice")
        if fault := started.fault():
            raise StreamCorrupted(f"The stream starts with {fault}")
        if self._token.sequence not in {None, response.sequence}:
            raise StreamCorrupted(f"The stream starts at {response.sequence}, not at {self._token.sequence}")
        self._check_same(started)
        stood = self._token.step is not None or self._handed_out is not None
        if self._token.value and stood and started.resumed_from_step is None:
            raise StreamCorrupted("The server started from the beginning although it was given a resume token")
        if self._token.step not in {None, started.resumed_from_step}:
            raise StreamCorrupted(f"The server resumed from step {started.resumed_from_step}, not {self._token.step}")
        if self.started is None:
            self.started, self._handed_out = started, started.resumed_from_step
        self._sequence = response.sequence
        self._frames = FrameAssembler(started, self._request.with_features)
        self._next_step = started.frame_after(started.resumed_from_step)

    def _check_same(self, started: Started) -> None:
        first = self.started
        if first is None:
            return
        if started.numerics_version != first.numerics_version:
            versions = f"{started.numerics_version!r}, the first one {first.numerics_version!r}"
            raise NotReproducible(f"The server that took over has numerics version {versions}: bits would differ")
        if started.spec_hash != first.spec_hash:
            raise NotReproducible("The server that took over reads the spec differently: its hash has changed")

    def _follow(self, sequence: int) -> None:
        if self._sequence is None:
            raise StreamCorrupted("The stream does not begin with how it was started")
        if self.summary is not None:
            raise StreamCorrupted("A message came after the summary")
        if sequence != self._sequence + 1:
            raise StreamCorrupted(f"Message {sequence} came where {self._sequence + 1} was expected")
        self._sequence = sequence

    def _take(self, message: simulation.Frame, sequence: int) -> Frame | None:
        if message.step != self._next_step:
            raise StreamCorrupted(f"A frame of step {message.step} came where {self._next_step} was expected")
        assert self.started is not None  # noqa: S101  # _follow has refused frames before the start
        assert self._frames is not None  # noqa: S101  # as above
        frame = self._frames.add(message)
        if frame is None:
            return None
        if message.resume_token:
            self._token = _Token(message.resume_token, sequence, frame.step)
        self._next_step = self.started.frame_after(frame.step)
        return self._hand_out(frame)

    def _hand_out(self, frame: Frame) -> Frame | None:
        """The frame, or None when the caller has had it; only what was never reached before counts as progress."""
        if self._handed_out is not None and frame.step <= self._handed_out:
            if self._replayed is None or frame.step > self._replayed:
                self._replayed = frame.step
                self._backoff.progress()
            return None
        self._handed_out, self._replayed = frame.step, None
        self.resume_token = self._token.value
        self._backoff.progress()
        return frame

    def _stop(self, response: simulation.SimulateResponse) -> None:
        self.summary = decoded(results.Summary, response.summary)
        if self.finished:
            if self._next_step is not None:
                raise StreamCorrupted(f"The simulation is complete, but the frame of step {self._next_step} never came")
            self.resume_token = b""
            return
        token = self.summary.resume_token
        if token and token != self._token.value:
            self._token = _Token(token, response.sequence, step=None)
            # While frames are passed over, the server stands behind the caller, whose own token stays.
            self.resume_token = token if self._replayed is None else self.resume_token
        if self.summary.stop_reason == "deadline" and self._deadline is not None:
            raise out_of_time(self.summary.steps_done, self.resume_token)


def _is_interruption(error: RpcError) -> bool:
    """Whether the work goes on after this: the server was lost, or it ended a stream that nobody read for long."""
    return isinstance(error, Unavailable) or error.reason == "STREAM_IDLE"


class _Token:
    """Where the server goes on: its token, the number of the message it came with, and the step it stands for."""

    def __init__(self, value: bytes, sequence: int | None, step: int | None) -> None:
        self.value = value
        self.sequence = sequence
        self.step = step
