"""Binds a service written as plain coroutines to gRPC: the interceptors, decoding and error translation in one place.

Handlers take raw bytes, because stock grpc.aio answers malformed protobuf with UNKNOWN and the exception's text. Unary
requests are read as streams of one message, because a unary handler never hears of a caller that closes without one.
The interceptors are our own and no `grpc.aio.ServerInterceptor`: those see neither the peer nor how the call ends, and
each costs a task's turn a call.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault, invalid, trailers_of
from mfn_server.rpc.answering import Silence, answering
from mfn_server.rpc.call import OK, Call, Context, Outcome, current_call
from mfn_server.rpc.chain import Interceptors, Proceed, fold
from mfn_server.rpc.methods import OTHER, Method, method_of

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]
else:  # generic in its stubs only
    Handler = grpc.RpcMethodHandler
log = logging.getLogger(__name__)

UNREAD_S = 10.0
"""How long the task of a call that has failed waits for a reader that does not read: it could wait for days."""


def bind(
    service: ServiceDescriptor, implementation: object, silence: Silence, interceptors: Interceptors
) -> grpc.GenericRpcHandler:
    """Serve every method of a service by the coroutine of the same name in snake case.

    A response-streaming method is an async generator. A method that the implementation lacks answers UNIMPLEMENTED,
    with its `why_not` where it has one.
    A call whose only message does not come ends with STREAM_IDLE, and so does a stream that nobody reads.
    """
    answers = {
        method.path: _Method(method, answering(descriptor, implementation, silence), interceptors)
        for descriptor in service.methods
        for method in [method_of(descriptor)]
    }
    return _Service(answers)


class _Service(grpc.GenericRpcHandler):
    """The methods of one service, by their paths."""

    def __init__(self, methods: "Mapping[str, _Method]") -> None:
        self._methods = methods

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """What answers a call; None where the service has no such method."""
        method = self._methods.get(handler_call_details.method)
        return None if method is None else method.answering(handler_call_details)


class OtherMethods(grpc.GenericRpcHandler):
    """Refuses every method that no service has, behind the interceptors; to be added last.

    elsewhere: what callers are told of services of the contract that other servers offer, by their full names. These
    methods count as unknown, too.
    """

    def __init__(self, interceptors: Interceptors, elsewhere: Mapping[str, str] | None = None) -> None:
        self._unknown = _Method(OTHER, _refusing("this server has no such method"), interceptors)
        told = (elsewhere or {}).items()
        self._elsewhere = {name: _Method(OTHER, _refusing(text), interceptors) for name, text in told}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler:
        """The same refusal for all methods of a service."""
        service, _, _ = handler_call_details.method.removeprefix("/").partition("/")
        return self._elsewhere.get(service, self._unknown).answering(handler_call_details)


Metadata = tuple[tuple[str, str | bytes], ...]
Handle = Callable[[AsyncIterator[bytes], Context], Awaitable[bytes | None]]
HandleWith = Callable[[Metadata, AsyncIterator[bytes], Context], Coroutine[Any, Any, bytes | None]]


class _Unary:
    """What grpc calls for one call of a method with a single answer.

    Twice a call grpc asks of a handler whether it is asynchronous. That one can be awaited is the first thing it looks
    for, at a third of what it costs to find a coroutine function in a partial; it awaits only what the handler returns.
    """

    __slots__ = ("_handle", "_metadata")

    def __init__(self, handle: HandleWith, metadata: Metadata) -> None:
        self._handle, self._metadata = handle, metadata

    def __call__(self, requests: AsyncIterator[bytes], context: Context) -> Coroutine[Any, Any, bytes | None]:
        """The answer."""
        return self._handle(self._metadata, requests, context)

    def __await__(self) -> Generator[Any, Any, None]:
        raise TypeError("this is called, and what it returns is awaited")


class _Answering:
    """What grpc asks of a handler, for one call: the metadata that it has read already would cost it a second time."""

    __slots__ = ("response_streaming", "stream_stream", "stream_unary")
    request_streaming = True
    request_deserializer = response_serializer = unary_unary = unary_stream = None

    def __init__(self, handle: Handle, response_streaming: bool) -> None:
        self.stream_unary = self.stream_stream = handle
        self.response_streaming = response_streaming


class _Method:
    """Answers the calls of one method."""

    def __init__(self, method: Method, answer: Proceed, interceptors: Interceptors) -> None:
        self._method, self._proceed = method, _chained(interceptors, method, answer)

    def answering(self, details: grpc.HandlerCallDetails) -> Handler:
        """The handler of one call."""
        metadata, streams = details.invocation_metadata or (), self._method.server_streaming
        handle = partial(self._handle, metadata) if streams else _Unary(self._handle, metadata)
        return cast("Handler", _Answering(handle, streams))

    async def _handle(self, metadata: Metadata, requests: AsyncIterator[bytes], context: Context) -> bytes | None:
        call = Call(self._method, context, requests, _first_values(metadata), context.peer())
        current_call.set(call)
        try:
            await self._proceed(call)
        except Exception as error:  # noqa: BLE001  # as below
            _fail(call, error)
        fault = call.outcome.fault if call.outcome else None
        if fault is not None:
            await _abort(context, fault, (*trailers_of(fault, call.request_id), *call.told))
        context.set_trailing_metadata(call.echoes())
        return call.response


def _chained(interceptors: Interceptors, method: Method, answer: Proceed) -> Proceed:
    guarded = fold(interceptors.guards, method, answer)
    return fold(interceptors.observers, method, partial(_settle, guarded))


def _fail(call: Call, error: Exception) -> None:
    """An observer that fails, which is a defect, costs a call that has not ended and no more.

    One that has ended keeps its outcome: other observers have told of it, and what the call changed stands. The text
    goes to the log, and an INTERNAL to the caller.
    """
    failed = _failed(_unexpected(error, call))
    call.outcome = call.outcome or failed


async def _settle(proceed: Proceed, call: Call) -> None:
    """Turn however the call ends into its outcome; only a cancellation goes further."""
    try:
        await proceed(call)
    except Fault as fault:
        call.outcome = _failed(fault)
    except InvalidInput as error:
        call.outcome = _failed(invalid(error))
    except asyncio.CancelledError:
        expired = call.context.time_remaining() == 0
        call.outcome = Outcome(grpc.StatusCode.DEADLINE_EXCEEDED if expired else grpc.StatusCode.CANCELLED)
        raise
    except Exception as error:  # noqa: BLE001  # its text goes to the log and an INTERNAL to the caller
        call.outcome = _failed(_unexpected(error, call))
    else:
        call.outcome = OK


async def _abort(context: Context, fault: Fault, trailers: tuple[tuple[str, str | bytes], ...]) -> None:
    """Refuse the call; grpc sends the refusal behind what is still to be read, and goes on doing so without us."""
    try:
        async with asyncio.timeout(UNREAD_S):
            await context.abort(fault.status_code, fault.message, trailers)
    except TimeoutError:
        raise asyncio.CancelledError from None


def _failed(fault: Fault) -> Outcome:
    """Without the frames that the fault came through: they hold the call, which would hold them, until the next gc."""
    fault.__context__ = fault.__traceback__ = None
    return Outcome(fault.status_code, fault)


def _unexpected(error: Exception, call: Call) -> Fault:
    log.error("call %s failed with an unexpected error", call.request_id, exc_info=error)
    text = f"internal error; report it with request id {call.request_id}"
    return Fault(reasons.ERROR_REASON_INTERNAL, text)


def _first_values(metadata: Metadata) -> dict[str, str | bytes]:
    """The caller's metadata; of several values of a key the first, so that none can be slipped in behind it."""
    return dict(reversed(metadata))


def _refusing(text: str) -> Proceed:
    async def refuse(call: Call) -> None:
        raise Fault(reasons.ERROR_REASON_NOT_IMPLEMENTED, text)

    return refuse
