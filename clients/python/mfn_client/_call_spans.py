"""The spans of calls; needs opentelemetry-instrumentation-grpc, so only `_tracing` imports it, and only when asked."""

from typing import Any

import grpc
from opentelemetry import trace
from opentelemetry.instrumentation import grpc as instrumentation
from opentelemetry.trace import NoOpTracerProvider, ProxyTracerProvider, Span, SpanKind, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Metadata = tuple[tuple[str, str], ...]
_PROPAGATOR = TraceContextTextMapPropagator()


class CallSpans:
    """Spans of one provider around calls."""

    def __init__(self, provider: trace.TracerProvider) -> None:
        self._provider = provider
        self._tracer: Tracer = provider.get_tracer("mfn_client")

    def begin(self, path: str) -> tuple[Span, Metadata]:
        """The span of a call that begins, below the current one, and what tells the server of it."""
        service, _, method = path[1:].partition("/")
        attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}
        made = self._tracer.start_span(path, kind=SpanKind.CLIENT, attributes=attributes)
        told: dict[str, str] = {}
        _PROPAGATOR.inject(told, set_span_in_context(made))
        return made, tuple(told.items())

    def around(self, channel: grpc.Channel) -> grpc.Channel:
        """A synchronous channel: the library's interceptor, and ours for streams of answers."""
        library: Any = instrumentation  # it ships no annotations
        ours: Any = _AnswerStreams(self)
        theirs = library.client_interceptor(self._provider, filter_=_is_right)
        both: grpc.Channel = library.grpcext.intercept_channel(grpc.intercept_channel(channel, ours), theirs)
        return both


def call_spans(instrumentor: str) -> CallSpans | None:
    """Spans of the process's provider, unless there is none or this instrumentor traces all of grpc already."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, ProxyTracerProvider | NoOpTracerProvider):
        return None
    if getattr(instrumentation, instrumentor)().is_instrumented_by_opentelemetry:
        return None
    return CallSpans(provider)


def end(made: Span, code: grpc.StatusCode) -> None:
    """End the span of a call that ended so."""
    made.set_attribute("rpc.grpc.status_code", code.value[0])
    if code is not grpc.StatusCode.OK:
        made.set_status(trace.StatusCode.ERROR)
    made.end()


class _AnswerStreams(grpc.UnaryStreamClientInterceptor):
    """Leaves the call as it is, so that it can be cancelled, and the current span as well."""

    def __init__(self, spans: CallSpans) -> None:
        self._spans = spans

    def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        """Begin a span that ends with the call."""
        made, context = self._spans.begin(client_call_details.method)
        details = client_call_details._replace(metadata=(*(client_call_details.metadata or ()), *context))
        call = continuation(details, request)
        call.add_done_callback(lambda done: end(made, done.code()))
        return call


def _is_right(info: Any) -> bool:
    """Whether the library does this kind of call right: every kind but a stream of answers to one request."""
    return getattr(info, "is_client_stream", True) or not getattr(info, "is_server_stream", False)
