"""A span around every call that is sampled, below the caller's (W3C Trace Context).

An interceptor of our own on the OpenTelemetry API: the server interceptor of opentelemetry-instrumentation-grpc
iterates over what a response-streaming handler returns, and ours, which write to their context, return a coroutine
(open-telemetry/opentelemetry-python-contrib #3066). Unary requests are read as streams here besides.
"""

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
from mfn_server.rpc.chain import Proceed
from mfn_server.telemetry.masking import credentials_of, hide
from mfn_server.telemetry.tracing.parents import parent_of
from mfn_server.telemetry.tracing.spans import NOWHERE, entered

OURS = frozenset(
    {grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DATA_LOSS}
)
"""Codes that tell of a fault of this server. A deadline is the caller's own, and so is a method that does not exist."""


class Tracing:
    """Makes the span of a call current, so that spans below it and log lines belong to its trace.

    provider: None makes no span; a caller's trace is named in log lines all the same. ratio: share of the calls without
    a caller's trace that begin one. A caller's decision about its own trace counts. A call that is not sampled builds
    nothing.
    """

    def __init__(self, provider: TracerProvider | None, ratio: float) -> None:
        self._tracer = None if provider is None else provider.get_tracer("mfn_server")
        self._bound = round(ratio * 2**64)

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Trace the call, if it is to be."""
        tracer, parent = self._tracer, parent_of(call.metadata)
        if parent is None:
            begins = tracer is not None and getrandbits(64) < self._bound  # nosec B311  # a share, no secret
            await (_traced(tracer, NOWHERE, proceed, call) if tracer and begins else proceed(call))
        elif tracer is None or not parent.trace_flags.sampled:
            await _told(parent, proceed, call)
        else:
            await _traced(tracer, _below(parent), proceed, call)


async def _told(parent: SpanContext, proceed: Proceed, call: Call) -> None:
    """Let log lines name the trace of a caller that is not sampled."""
    outer = attach(_below(parent))
    try:
        await proceed(call)
    finally:
        detach(outer)


async def _traced(tracer: Tracer, context: Context, proceed: Proceed, call: Call) -> None:
    method = call.method
    attributes = {
        "rpc.system": "grpc",
        "rpc.service": method.service,
        "rpc.method": method.name,
        "client.address": call.peer,
        "mfn.request_id": hide(call.request_id, credentials_of(call)),
    }
    made = tracer.start_span(method.path[1:], context, SpanKind.SERVER, attributes)
    try:
        with entered(tracer, made):
            await proceed(call)
    finally:
        _end(made, call)


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
