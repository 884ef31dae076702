"""Binds a service written as plain coroutines to gRPC: decoding, error translation and request ids in one place.

Handlers take raw bytes, because stock grpc.aio answers malformed protobuf with UNKNOWN and the exception's text. Unary
requests are read as streams of one message, because a unary handler never hears of a caller that closes without one.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault, invalid, trailers_of

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
ANONYMOUS = "anonymous"

request_id_of_call: ContextVar[str] = ContextVar("request_id_of_call")
principal_of_call: ContextVar[str] = ContextVar("principal_of_call", default=ANONYMOUS)

Context = grpc.aio.ServicerContext[Any, Any]
if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]
else:  # generic in its stubs only
    Handler = grpc.RpcMethodHandler
Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]
log = logging.getLogger(__name__)


class Caller(Protocol):
    """On whose behalf something is computed: a call, or the server's own work."""

    @property
    def principal(self) -> str:
        """Who waits in turn with others."""

    def time_remaining(self) -> float | None:
        """Seconds until the result is of no use any more, None without such a moment."""


class Call:
    """What a service may know of the call it answers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.request_id = request_id_of_call.get("") or uuid.uuid4().hex
        self.principal = principal_of_call.get()

    def time_remaining(self) -> float | None:
        """Seconds until the caller's deadline, None without one."""
        return self._context.time_remaining()


def bind(service: ServiceDescriptor, implementation: object, reader_idle_s: float) -> grpc.GenericRpcHandler:
    """Serve every method of a service by the coroutine of the same name in snake case.

    A response-streaming method is an async generator. A method that the implementation lacks answers UNIMPLEMENTED,
    with its `why_not` where it has one.
    A stream whose reader takes nothing for `reader_idle_s` seconds ends with STREAM_IDLE.
    """
    handlers = {method.name: _method_handler(method, implementation, reader_idle_s) for method in service.methods}
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def unimplemented_methods(service: ServiceDescriptor, implementation: object) -> list[str]:
    """The methods that `bind` answers with UNIMPLEMENTED."""
    return [m.name for m in service.methods if not hasattr(implementation, _snake_case(m.name))]


def decode(raw: bytes, message_type: type[Message]) -> Message:
    """Parse one request message; refuse what is too large or malformed."""
    if len(raw) > MAX_MESSAGE_BYTES:
        text = f"the request has {len(raw)} bytes, at most {MAX_MESSAGE_BYTES} are accepted; send large arrays in parts"
        raise Fault(reasons.ERROR_REASON_MESSAGE_TOO_LARGE, text)
    try:
        return message_type.FromString(raw)
    except DecodeError:
        name = message_type.DESCRIPTOR.full_name
        raise Fault(reasons.ERROR_REASON_MALFORMED_REQUEST, f"the bytes are not a valid {name}") from None


def encode_unary(response: Message) -> bytes:
    """Serialise a unary answer; refuse one that would not fit the callers' default limit."""
    raw = response.SerializeToString()
    if len(raw) > MAX_MESSAGE_BYTES:
        text = f"the answer has {len(raw)} bytes, at most {MAX_MESSAGE_BYTES} are sent in one message; ask for less"
        raise Fault(reasons.ERROR_REASON_RESPONSE_TOO_LARGE, text)
    return raw


async def translate(context: Context, call: Call, work: Awaitable[bytes | None]) -> bytes | None:
    """Await the work of a call; end it with the standard error where it fails."""
    try:
        result = await work
    except Fault as fault:
        await refuse(context, fault, call.request_id)
    except InvalidInput as error:
        await refuse(context, invalid(error), call.request_id)
    except (asyncio.CancelledError, grpc.aio.AbortError):
        raise
    except Exception:
        log.exception("call %s failed with an unexpected error", call.request_id)
        text = f"internal error; report it with request id {call.request_id}"
        await refuse(context, Fault(reasons.ERROR_REASON_INTERNAL, text), call.request_id)
    context.set_trailing_metadata((("x-request-id", call.request_id),))
    return result


async def refuse(context: Context, fault: Fault, request_id: str) -> None:
    """End the call with a fault, and note it in the log; raises AbortError."""
    log.info("call %s is refused with %s: %s", request_id, fault.status_code.name, fault.message)
    await context.abort(fault.status_code, fault.message, trailers_of(fault, request_id))


def _method_handler(method: MethodDescriptor, implementation: object, reader_idle_s: float) -> Handler:
    function = getattr(implementation, _snake_case(method.name), None) or _missing(method, implementation)
    respond = partial(_respond_stream, reader_idle_s) if method.server_streaming else _respond_unary
    message_type = GetMessageClass(method.input_type)
    client_streaming = method.client_streaming

    async def handle(requests: AsyncIterator[bytes], context: Context) -> bytes | None:
        call = Call(context)

        async def work() -> bytes | None:
            request = _decoded(requests, message_type) if client_streaming else await _single(requests, message_type)
            return await respond(function, request, call, context)

        return await translate(context, call, work())

    kind = grpc.stream_stream_rpc_method_handler if method.server_streaming else grpc.stream_unary_rpc_method_handler
    return kind(handle)


async def _respond_unary(function: Callable[..., Any], request: object, call: Call, context: Context) -> bytes:
    return encode_unary(await function(request, call))


async def _respond_stream(
    reader_idle_s: float, function: Callable[..., Any], request: object, call: Call, context: Context
) -> None:
    """Drive the generator here, so that a cancel while a write is blocked still cleans it up at once."""
    async with aclosing(function(request, call)) as responses:
        async for response in responses:
            await _write(context, response.SerializeToString(), reader_idle_s)


async def _write(context: Context, raw: bytes, reader_idle_s: float) -> None:
    try:
        async with asyncio.timeout(reader_idle_s):
            await context.write(raw)
    except TimeoutError:
        text = f"nothing was read for {reader_idle_s:g} s; the last resume_token, where there is one, continues"
        raise Fault(reasons.ERROR_REASON_STREAM_IDLE, text) from None
    except grpc.aio.AbortError:
        raise
    except grpc.aio.BaseError as gone:
        # A write fails in no other way than that the caller has left or the server has stopped: as good as cancelled,
        # although grpc has not got round to it. There is nobody to abort for.
        raise asyncio.CancelledError from gone


async def _single(requests: AsyncIterator[bytes], message_type: type[Message]) -> Message:
    async for raw in requests:
        return decode(raw, message_type)
    name = message_type.DESCRIPTOR.full_name
    raise Fault(reasons.ERROR_REASON_MISSING_REQUEST, f"the call was closed without its {name}")


async def _decoded(requests: AsyncIterator[bytes], message_type: type[Message]) -> AsyncIterator[Message]:
    async for raw in requests:
        yield decode(raw, message_type)


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
