"""A span around every call that is sampled, below the caller's (W3C Trace Context).

An interceptor of our own on the OpenTelemetry API: the server interceptor of opentelemetry-instrumentation-grpc
iterates over what a response-streaming handler returns, and ours, which write to their context, return a coroutine
(open-telemetry/opentelemetry-python-contrib #3066). Unary requests are read as streams here besides.
"""

from contextlib import ExitStack
from random import getrandbits

import grpc
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    Tracer,
    TracerProvider,
    set_span_in_context,
)

from mfn_server.rpc.call import Call, Outcome
from mfn_server.rpc.chain import Observer
from mfn_server.telemetry.masking import credentials_of, hide
from mfn_server.telemetry.tracing.parents import parent_of
from mfn_server.telemetry.tracing.spans import NOWHERE, entered

OURS = frozenset(
    {grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DATA_LOSS}
)
"""Codes that tell of a fault of this server. A deadline is the caller's own, and so is a method that does not exist."""


class Tracing(Observer):
    """Makes the span of a call current, so that spans below it and log lines belong to its trace.

    provider: None makes no span; a caller's trace is named in log lines all the same. ratio: share of the calls without
    a caller's trace that begin one. A caller's decision about its own trace counts. A call that is not sampled builds
    nothing.
    """

    def __init__(self, provider: TracerProvider | None, ratio: float) -> None:
        self._tracer = None if provider is None else provider.get_tracer("mfn_server")
        self._bound = round(ratio * 2**64)

    def begin(self, call: Call) -> None:
        """Trace the call, if it is to be."""
        tracer, parent = self._tracer, parent_of(call.metadata)
        if parent is None:
            if tracer is not None and getrandbits(64) < self._bound:  # nosec B311  # a share, no secret
                call.trace = _traced(tracer, NOWHERE, call)
        elif tracer is None or not parent.trace_flags.sampled:
            call.trace = _told(parent)
        else:
            call.trace = _traced(tracer, _below(parent), call)

    def end(self, call: Call) -> None:
        """End its span."""
        if call.trace is not None:
            call.trace.close()
            call.trace = None


def _told(parent: SpanContext) -> ExitStack:
    """Let log lines name the trace of a caller that is not sampled."""
    trace = ExitStack()
    trace.callback(detach, attach(_below(parent)))
    return trace


def _traced(tracer: Tracer, context: Context, call: Call) -> ExitStack:
    method = call.method
    attributes = {
        "rpc.system": "grpc",
        "rpc.service": method.service,
        "rpc.method": method.name,
        "client.address": call.peer,
        "mfn.request_id": hide(call.request_id, credentials_of(call)),
    }
    made = tracer.start_span(method.path[1:], context, SpanKind.SERVER, attributes)
    trace = ExitStack()
    trace.callback(_end, made, call)
    trace.enter_context(entered(tracer, made))
    return trace


def _end(made: Span, call: Call) -> None:
    made.set_attributes(
        {
            "mfn.principal": call.principal,
            "mfn.received_messages": call.received.messages,
            "mfn.received_bytes": call.received.bytes,
            "mfn.sent_messages": call.sent.messages,
            "mfn.sent_bytes": call.sent.bytes,
        }
    )
    if call.outcome is not None:
        _note(made, call.outcome)
    made.end()


def _note(made: Span, outcome: Outcome) -> None:
    made.set_attribute("rpc.grpc.status_code", outcome.code.value[0])
    fault = outcome.fault
    if fault is not None:
        made.add_event("refused", {"mfn.reason": fault.reason_name})
    if outcome.code in OURS:
        made.set_status(StatusCode.ERROR, outcome.code.name if fault is None else fault.reason_name)


def _below(parent: SpanContext) -> Context:
    return set_span_in_context(NonRecordingSpan(parent), NOWHERE)
