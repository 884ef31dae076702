"""A server's side of the contract with made-up numbers, for tests of the client alone.

The field of step k is k plus the index of the cell, so that every frame is recognised by its values.
"""

import math
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
from google.protobuf import duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from mfn_grpc.arrays import split_parts
from mfn_grpc.v1 import simulation_pb2 as pb

ROWS, COLS = 4, 6


def status_bytes(reason: str, *details: Message, domain: str = "mfn.v1", **metadata: str) -> bytes:
    """A google.rpc.Status as the trailer holds it."""
    status = status_pb2.Status()
    info = error_details_pb2.ErrorInfo(reason=reason, domain=domain, metadata=metadata)
    for detail in (info, *details):
        status.details.add().Pack(detail)
    return status.SerializeToString()


def retry_info(seconds: int) -> error_details_pb2.RetryInfo:
    return error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=seconds))


class FakeRpcError(grpc.RpcError):
    """What grpc raises, with the parts that the client reads."""

    def __init__(self, code: grpc.StatusCode, details: str = "", status: bytes = b"") -> None:
        super().__init__(details)
        self._code, self._details, self._status = code, details, status

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details

    def trailing_metadata(self) -> Any:
        return (("other", b"x"), ("grpc-status-details-bin", self._status)) if self._status else ()


def lost() -> FakeRpcError:
    return FakeRpcError(grpc.StatusCode.UNAVAILABLE, "Socket closed")


def token_refused(reason: str = "RESUME_TOKEN_INVALID") -> FakeRpcError:
    return FakeRpcError(grpc.StatusCode.INVALID_ARGUMENT, "no", status_bytes(reason))


def field(step: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return step + np.arange(ROWS * COLS, dtype=np.float64).reshape(ROWS, COLS)


class FakeServer:
    """Answers Simulate; its `key` signs tokens, so that a server with another key refuses them."""

    def __init__(self, key: str = "k", version: str = "7", spec_hash: bytes = b"hash") -> None:
        self.key, self.version, self.spec_hash = key, version, spec_hash

    def token(self, step: int, sequence: int) -> bytes:
        return f"{self.key}:{step}:{sequence}".encode()

    def messages(self, request: pb.SimulateRequest) -> Iterator[pb.SimulateResponse]:
        """Started, every frame in two messages, Summary; raises where the token is not of this server."""
        resumed, sequence = None, 0
        if request.resume_token:
            key, *numbers = request.resume_token.decode().split(":")
            if key != self.key:
                raise token_refused()
            resumed, sequence = map(int, numbers)
        steps = request.spec.steps
        stride = request.frame_stride if request.HasField("frame_stride") else steps
        yield self.started(request, stride, resumed, sequence)
        for step in (
            s for s in range(steps + 1) if (s % stride == 0 or s == steps) and (resumed is None or s > resumed)
        ):
            yield pb.SimulateResponse(
                sequence=sequence + 1, frame=pb.Frame(step=step, time=step * 0.5, parts=[part(step)])
            )
            sequence += 2
            last = pb.Frame(step=step, time=step * 0.5, last=True, resume_token=self.token(step, sequence))
            last.parts.append(part(step, "v"))
            if request.with_features:
                last.features.v_mean, last.features.d_box = step, math.nan
            yield pb.SimulateResponse(sequence=sequence, frame=last)
        end = self.summary(steps, sequence + 1)
        if request.with_features:
            end.summary.features.v_mean, end.summary.features.d_box = steps, math.nan
            end.summary.undefined_features.add(name="d_box", reason="no cell is above [the] threshold")
        yield end

    def started(
        self, request: pb.SimulateRequest, stride: int, resumed: int | None, sequence: int
    ) -> pb.SimulateResponse:
        started = pb.Started(spec_hash=self.spec_hash, numerics_version=self.version, frame_stride=stride)
        started.spec.CopyFrom(request.spec)
        started.spec.grid.shape[:] = [ROWS, COLS]
        started.spec.grid.spacing[:] = [1.0, 0.5]
        if not request.spec.stepper:
            started.spec.stepper, started.stepper_reason = pb.STEPPER_EULER, "EULER: the spec [is] not stiff."
        if resumed is not None:
            started.resumed_from_step = resumed
        return pb.SimulateResponse(sequence=sequence, started=started)

    def summary(self, steps: int, sequence: int, stop: str = "COMPLETED", token: bytes = b"") -> pb.SimulateResponse:
        summary = pb.Summary(stop_reason=f"STOP_REASON_{stop}", steps_done=steps, resume_token=token)
        summary.species.add(name="u", unit="mV", min=0, max=1, mean=0.5, std=0.1)
        return pb.SimulateResponse(sequence=sequence, summary=summary)


def part(step: int, name: str = "u") -> Any:
    return next(split_parts(name, field(step)))


class FakeCall:
    """What a channel returns for a stream: messages, perhaps an error after some of them, and cancel()."""

    def __init__(self, messages: Iterator[Any], after: int | None = None, error: Exception | None = None) -> None:
        self._messages, self._left, self._error = messages, after, error
        self.cancelled = False

    def __iter__(self) -> "FakeCall":
        return self

    def __next__(self) -> Any:
        if self._left == 0:
            if self._error is not None:
                raise self._error
            raise StopIteration
        self._left = None if self._left is None else self._left - 1
        return next(self._messages)

    def __aiter__(self) -> "FakeCall":
        return self

    async def __anext__(self) -> Any:
        try:
            return next(self)
        except StopIteration:
            raise StopAsyncIteration from None
        except FakeRpcError as error:
            raise aio_error(error) from None

    def cancel(self) -> bool:
        self.cancelled = True
        return True


def aio_error(error: FakeRpcError) -> grpc.aio.AioRpcError:
    trailers = grpc.aio.Metadata(*error.trailing_metadata())
    return grpc.aio.AioRpcError(error.code(), grpc.aio.Metadata(), trailers, error.details())


class Calls:
    """Opens one scripted call after another and remembers the requests."""

    def __init__(self, *scripts: Callable[[pb.SimulateRequest], FakeCall]) -> None:
        self._scripts = list(scripts)
        self.requests: list[pb.SimulateRequest] = []
        self.timeouts: list[float | None] = []
        self.opened: list[FakeCall] = []

    def __call__(self, request: pb.SimulateRequest, timeout: float | None) -> FakeCall:
        self.requests.append(request)
        self.timeouts.append(timeout)
        self.opened.append(self._scripts.pop(0)(request))
        return self.opened[-1]

    @property
    def tokens(self) -> list[bytes]:
        return [request.resume_token for request in self.requests]


def whole(server: FakeServer) -> Callable[[pb.SimulateRequest], FakeCall]:
    return lambda request: FakeCall(server.messages(request))


def cut(server: FakeServer, after: int, error: Exception | None = None) -> Callable[[pb.SimulateRequest], FakeCall]:
    """A connection that breaks after so many messages, by default as a killed server looks."""
    return lambda request: FakeCall(server.messages(request), after, error or lost())


def altered(
    server: FakeServer, number: int, change: Callable[[pb.SimulateResponse], None]
) -> Callable[[pb.SimulateRequest], FakeCall]:
    """A connection whose message `number` is changed on the way."""

    def messages(request: pb.SimulateRequest) -> Iterator[pb.SimulateResponse]:
        for index, message in enumerate(server.messages(request)):
            if index == number:
                change(message)
            yield message

    return lambda request: FakeCall(messages(request))


class Clock:
    """Time that passes only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.now += seconds


@contextmanager
def serving(*add: Callable[[grpc.Server], None]) -> Iterator[str]:
    """A real server on a free loopback port with these servicers; gives its target."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    for register in add:
        register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
