"""From the bytes of a call to the service's coroutine, and from what that returns or yields back to bytes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Proceed
from mfn_server.rpc.messages import decode, encode_unary
from mfn_server.rpc.patience import Patience
from mfn_server.rpc.sizes import max_request_bytes

PROMPT_S = 0.05
"""A write that takes longer waits for its reader."""


@dataclass(frozen=True)
class Expected:
    """The request messages of a method: their type, and how large one may be."""

    message_type: type[Message]
    max_bytes: int


@dataclass(frozen=True)
class Silence:
    """How long the other side may be silent, in s.

    caller_s: before the only message of a call has come. reader_s: while answers wait to be read.
    """

    caller_s: float
    reader_s: float


def answering(method: MethodDescriptor, implementation: object, silence: Silence) -> Proceed:
    """How the method of an implementation is called, without what is around it.

    A method that the implementation lacks answers UNIMPLEMENTED, with its `why_not` where it has one.
    """
    function = getattr(implementation, _snake_case(method.name), None) or _missing(method, implementation)
    respond = partial(_respond_stream, _Writer(silence.reader_s)) if method.server_streaming else _respond_unary
    expected = Expected(GetMessageClass(method.input_type), max_request_bytes(method.full_name))
    first = _First(silence.caller_s)

    async def answer_stream(call: Call) -> None:
        await respond(function, _decoded(call, expected), call)

    async def answer_single(call: Call) -> None:
        message = _counted(await first.of(call, expected), expected, call)
        for inspect in call.inspectors:
            await inspect(message)
        await respond(function, message, call)

    return answer_stream if method.client_streaming else answer_single


async def _respond_unary(function: Callable[..., Any], request: object, call: Call) -> None:
    call.response = encode_unary(await function(request, call))
    call.sent.add(len(call.response))


async def _respond_stream(writer: "_Writer", function: Callable[..., Any], request: object, call: Call) -> None:
    """Drive the generator here, so that a cancel while a write is blocked still cleans it up at once."""
    async with aclosing(function(request, call)) as responses:
        async for response in responses:
            raw = response.SerializeToString()
            await writer.write(call, raw)
            call.sent.add(len(raw))


class _Writer:
    """Writes answers of calls, each of which must be taken within some seconds."""

    def __init__(self, idle_s: float) -> None:
        self._idle_s, self._patience = idle_s, Patience(idle_s)

    async def write(self, call: Call, raw: bytes) -> None:
        """Send one answer, and before the first one the headers: a caller who has seen those no longer retries."""
        began, task = perf_counter(), self._patience.begin()
        try:
            if not call.sent.messages:
                await call.context.send_initial_metadata(call.echoes())
            await call.context.write(raw)
        except asyncio.CancelledError:
            if not self._patience.ended_it(task):
                raise
            text = f"nothing was read for {self._idle_s:g} s; the last resume_token, where there is one, continues"
            raise Fault(reasons.ERROR_REASON_STREAM_IDLE, text) from None
        except grpc.aio.BaseError as gone:
            # A write fails in no other way than that the caller has left or the server has stopped: as good as
            # cancelled, although grpc has not got round to it. There is nobody to abort for.
            raise asyncio.CancelledError from gone
        finally:
            self._patience.end(task)
            waited_s = perf_counter() - began
            if waited_s > PROMPT_S:
                call.blocked_s += waited_s


class _First:
    """Reads the only message of calls, each of which must come within some seconds."""

    def __init__(self, idle_s: float) -> None:
        self._idle_s, self._patience = idle_s, Patience(idle_s)

    async def of(self, call: Call, expected: Expected) -> bytes:
        task = self._patience.begin()
        try:
            # Not from `call.requests`: a generator that is left before its end costs a task of its own.
            raw = await call.context.read()
        except asyncio.CancelledError:
            if not self._patience.ended_it(task):
                raise
            text = f"no message arrived for {self._idle_s:g} s; send the request with the call"
            raise Fault(reasons.ERROR_REASON_STREAM_IDLE, text) from None
        finally:
            self._patience.end(task)
        if isinstance(raw, bytes):
            return raw
        name = expected.message_type.DESCRIPTOR.full_name
        raise Fault(reasons.ERROR_REASON_MISSING_REQUEST, f"the call was closed without its {name}")


async def _decoded(call: Call, expected: Expected) -> AsyncIterator[Message]:
    async for raw in call.requests:
        yield await _received(raw, expected, call)


async def _received(raw: bytes, expected: Expected, call: Call) -> Message:
    """One request message, counted and shown to whoever inspects requests."""
    message = _counted(raw, expected, call)
    for inspect in call.inspectors:
        await inspect(message)
    return message


def _counted(raw: bytes, expected: Expected, call: Call) -> Message:
    message = decode(raw, expected.message_type, expected.max_bytes)
    call.received.add(len(raw))
    if call.request is None:
        call.request = message
    return message


def _missing(method: MethodDescriptor, implementation: object) -> Callable[..., Any]:
    why = getattr(implementation, "why_not", None)
    text = f"this server does not offer {method.full_name}"
    fault = Fault(reasons.ERROR_REASON_NOT_IMPLEMENTED, f"{text}: {why}" if why else text)

    async def unary(request: object, call: Call) -> Message:
        raise fault

    async def stream(request: object, call: Call) -> AsyncIterator[Message]:
        yield await unary(request, call)

    return stream if method.server_streaming else unary


def _snake_case(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")
