"""Self-validation: how it is asked for, and its checks as they finish, on both faces."""

import asyncio
from collections.abc import Awaitable, Callable

from mfn_client._calls import VALIDATION_TIMEOUT_S, UnaryCall
from mfn_client._decoding import decoded
from mfn_client._exceptions import MfnError, RpcError, StreamCorrupted
from mfn_client._resume import UnaryAttempts
from mfn_client._spec import Faults
from mfn_client._streamed import AsyncStreamed, OpenCall, Streamed
from mfn_client._validation import Check, ValidationReport, ValidationStarted, ValidationSummary
from mfn_grpc.v1 import validation_pb2 as pb

VALIDATE_STREAM = "/mfn.v1.ValidationService/ValidateStream"


def validate(suite: str, seed: int) -> UnaryCall[ValidationReport]:
    """Every check of a suite at once."""
    request, faults = pb.ValidateRequest(), Faults()
    _fill(request, suite, seed, faults)
    answer = pb.ValidateResponse
    method = "/mfn.v1.ValidationService/Validate"
    return UnaryCall(method, request, answer, _report, timeout=VALIDATION_TIMEOUT_S)


def validate_stream_request(suite: str, seed: int) -> pb.ValidateStreamRequest:
    """The request for a suite's checks as they finish.

    Raises:
        InvalidArgument: the suite is unknown or the seed is no whole number.
    """
    request = pb.ValidateStreamRequest()
    _fill(request, suite, seed, Faults())
    return request


def _fill(request: pb.ValidateRequest | pb.ValidateStreamRequest, suite: str, seed: int, faults: Faults) -> None:
    faults.choose(request, "suite", suite, "suite")
    faults.assign(request, "seed", seed, "seed")
    faults.check()


def _report(answer: pb.ValidateResponse) -> ValidationReport:
    return decoded(ValidationReport, answer)


class ValidationStream:
    """The state of a streamed validation, without its I/O. A busy server is asked again; nothing else is repeated."""

    def __init__(self, request: pb.ValidateStreamRequest, attempts: UnaryAttempts) -> None:
        self._request = request
        self._attempts = attempts
        self._missing: set[str] = set()
        self.started: ValidationStarted | None = None
        self.summary: ValidationSummary | None = None

    def connect(self) -> tuple[pb.ValidateStreamRequest, float]:
        """The request and its seconds."""
        return self._request, self._attempts.seconds_left()

    def accept(self, response: pb.ValidateStreamResponse) -> Check | None:
        """Take the next message; returns a check when it is one.

        Raises:
            StreamCorrupted: the message does not follow the last one, or names a check that was not announced.
        """
        event = response.WhichOneof("event")
        if (self.started is None) != (event == "started"):
            raise StreamCorrupted("The stream does not begin with one announcement of its checks")
        if self.summary is not None or event is None:
            raise StreamCorrupted("The stream holds a message of an unknown kind, or one after its summary")
        if event == "started":
            self.started = decoded(ValidationStarted, response.started)
            self._missing = set(self.started.check_names)
        elif event == "summary":
            self._finish(decoded(ValidationSummary, response.summary))
        return self._checked(decoded(Check, response.check)) if event == "check" else None

    def _checked(self, check: Check) -> Check:
        if check.name not in self._missing:
            raise StreamCorrupted(f"The check {check.name!r} came twice or was not announced")
        self._missing.remove(check.name)
        return check

    def _finish(self, summary: ValidationSummary) -> None:
        if self._missing:
            raise StreamCorrupted(f"The validation is complete, but these checks never came: {sorted(self._missing)}")
        self.summary = summary

    def failed(self, error: RpcError) -> float:
        """Seconds to wait for a busy server; raises every other error."""
        if self.started is not None:
            raise error
        return self._attempts.delay(error)

    def ended(self) -> float | None:
        """None when the suite is complete.

        Raises:
            StreamCorrupted: it is not.
        """
        if self.summary is None:
            raise StreamCorrupted("The server ended the validation without a summary")
        return None


class ValidationState:
    """What both faces tell of a validation."""

    _stream: ValidationStream

    @property
    def started(self) -> ValidationStarted | None:
        """What is about to run; None until `begin()` or the first check."""
        return self._stream.started

    @property
    def summary(self) -> ValidationSummary | None:
        """What the suite came to; None until every check has been handed out and the iteration has ended."""
        return self._stream.summary

    def _announced(self) -> ValidationStarted:
        if self._stream.started is None:
            raise MfnError("The validation was closed before it began")
        return self._stream.started


class Validation(ValidationState, Streamed[Check]):
    """An iterator of `Check` in the order of finishing; leaving a `for` loop or `close()` stops the server's work.

    Raises while iterating:
        RpcError: the server refuses, or is lost.
        StreamCorrupted: the stream cannot be trusted.
    """

    def __init__(
        self, stream: ValidationStream, open_call: OpenCall, sleep: Callable[[float], object] | None = None
    ) -> None:
        super().__init__(stream, open_call, sleep)
        self._stream = stream

    def begin(self) -> ValidationStarted:
        """Wait until the server has said what it is about to run; raises as iterating does."""
        while self._stream.started is None and not self._closed.is_set():
            self._advance()
        return self._announced()


class AsyncValidation(ValidationState, AsyncStreamed[Check]):
    """As `Validation`, for `async for` and `async with`; cancelling the task cancels the call."""

    def __init__(
        self, stream: ValidationStream, open_call: OpenCall, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        super().__init__(stream, open_call, sleep)
        self._stream = stream

    async def begin(self) -> ValidationStarted:
        """Wait until the server has said what it is about to run; raises as iterating does."""
        while self._stream.started is None and not self._closed:
            await self._advance()
        return self._announced()
