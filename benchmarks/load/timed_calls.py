"""Calls that are timed: one event for each, with a reason where it failed; streams also frame by frame.

Locust's own gRPC example times unary calls alone; here a stream's first frame, the gaps between its frames and its end
status are events of their own. Times of calls that failed are not told: they would make a refusing server look quick.
"""

import time
from collections.abc import Callable, Iterable
from typing import Protocol

import grpc

from benchmarks.load.faults import reason_of
from benchmarks.load.figures import FIRST_FRAME, FRAME, STREAM, UNARY
from mfn_grpc.v1 import simulation_pb2


class Sized(Protocol):
    """A message."""

    def ByteSize(self) -> int:  # noqa: N802  # protobuf's name
        """Its length on the wire."""


Report = Callable[[str, str, float | None, int, str | None], None]
"""Takes a kind, an RPC, milliseconds (None where it failed), bytes received, and why it failed."""


class Timed:
    """Makes calls and reports them; what fails is reported, never raised."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def unary(self, rpc: str, call: Callable[[], Sized]) -> None:
        """Make a call that is answered once."""
        began = time.perf_counter()
        try:
            answer = call()
        except grpc.RpcError as error:
            self.failed(rpc, UNARY, error)
        else:
            self.passed(rpc, UNARY, began, answer.ByteSize())

    def frames(self, rpc: str, call: Callable[[], Iterable[simulation_pb2.SimulateResponse]]) -> None:
        """Read a simulation to its end."""
        began = latest = time.perf_counter()
        kind, size, frame_bytes = FIRST_FRAME, 0, 0
        try:
            for message in call():
                size += message.ByteSize()
                frame_bytes += message.ByteSize()
                if message.frame.last:
                    self.passed(rpc, kind, latest, frame_bytes)
                    kind, frame_bytes, latest = FRAME, 0, time.perf_counter()
        except grpc.RpcError as error:
            self.failed(rpc, STREAM, error)
        else:
            self.passed(rpc, STREAM, began, size)

    def passed(self, rpc: str, kind: str, began: float, size_bytes: int) -> None:
        """Report what has just succeeded; began: by time.perf_counter()."""
        self._report(kind, rpc, (time.perf_counter() - began) * 1000, size_bytes, None)

    def failed(self, rpc: str, kind: str, error: grpc.RpcError) -> None:
        """Report what has just failed."""
        self._report(kind, rpc, None, 0, reason_of(error))
