"""Spans around this client's calls, when the application has set a tracer provider for the process.

opentelemetry-instrumentation-grpc makes them for synchronous unary calls, uploads and two-way streams. Where it is not
right, small parts of our own on the OpenTelemetry API take its place: it hands out a synchronous stream of answers as
a generator that cannot be cancelled (open-telemetry/opentelemetry-python-contrib #2014), and on asyncio it waits for
the end of a call before that can be cancelled, and the span of one that is cancelled is never ended (#3271).
"""

import asyncio
import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

import grpc
import grpc.aio

if TYPE_CHECKING:
    from mfn_client._call_spans import CallSpans

_KINDS = frozenset({"unary_unary", "unary_stream", "stream_unary", "stream_stream"})
_ENDING = set["asyncio.Task[None]"]()


def traced(channel: grpc.Channel) -> grpc.Channel:
    """The channel, with spans around its calls where the application asks for any."""
    spans = _call_spans("GrpcInstrumentorClient")
    return channel if spans is None else spans.around(channel)


def traced_aio(channel: grpc.aio.Channel) -> grpc.aio.Channel:
    """The same for asyncio; calls are the channel's own, with all that they offer."""
    spans = _call_spans("GrpcAioInstrumentorClient")
    return channel if spans is None else cast("grpc.aio.Channel", _Channel(channel, spans))


class _Channel:
    """A channel of grpc.aio with spans around its calls."""

    def __init__(self, channel: grpc.aio.Channel, spans: "CallSpans") -> None:
        self._channel, self._spans = channel, spans

    async def __aenter__(self) -> "_Channel":
        await self._channel.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._channel.__aexit__(kind, error, traceback)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._channel, name)
        return self._method(found) if name in _KINDS else found

    def _method(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def method(path: str, **codecs: Any) -> Callable[..., Any]:
            call = make(path, **codecs)

            def begin(*request: Any, metadata: Any = (), **options: Any) -> Any:
                made, context = self._spans.begin(path)
                begun = call(*request, metadata=(*(metadata or ()), *context), **options)
                if made.is_recording():
                    ending = asyncio.ensure_future(_ended(begun, made))
                    _ENDING.add(ending)
                    ending.add_done_callback(_ENDING.discard)
                return begun

            return begin

        return method


async def _ended(call: Any, made: Any) -> None:
    from mfn_client._call_spans import end  # noqa: PLC0415  # there, since somebody made the span

    code = grpc.StatusCode.CANCELLED  # what becomes of calls that are open when the loop ends
    try:
        code = await call.code()
    finally:
        end(made, code)


def _call_spans(instrumentor: str) -> "CallSpans | None":
    """None unless the process has a tracer provider and the library's parts, and does not trace all of grpc already."""
    if "opentelemetry.trace" not in sys.modules:
        return None  # nobody can have set a provider; the import would cost every start
    try:
        from mfn_client._call_spans import call_spans  # noqa: PLC0415  # an extra of its own
    except ImportError:
        return None
    return call_spans(instrumentor)
