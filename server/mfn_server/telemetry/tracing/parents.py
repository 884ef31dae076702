"""The caller's span, as `traceparent` and `tracestate` name it (W3C Trace Context)."""

from collections.abc import Mapping

from opentelemetry.trace import SpanContext, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mfn_server.telemetry.tracing.quiet import quietly
from mfn_server.telemetry.tracing.spans import NOWHERE

LONGEST = 512
_HEX = frozenset("0123456789abcdef")
_PROPAGATOR = TraceContextTextMapPropagator()


def parent_of(metadata: Mapping[str, str | bytes]) -> SpanContext | None:
    """The caller's span; None where the metadata names none, or none that is well formed."""
    header = metadata.get("traceparent")
    if not isinstance(header, str):
        return None
    return _unsampled(header) or _extracted(header, metadata)


def _unsampled(header: str) -> SpanContext | None:
    """The usual header of a call that is not sampled: the library takes four times as long to read it."""
    if len(header) != 55 or header[:3] != "00-" or header[52:] != "-00" or header[35] != "-":
        return None
    trace_id, span_id = header[3:35], header[36:52]
    if not _HEX.issuperset(trace_id) or not _HEX.issuperset(span_id):
        return None
    found = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True)
    return found if found.is_valid else None


def _extracted(header: str, metadata: Mapping[str, str | bytes]) -> SpanContext | None:
    """As the library reads it, but without the lines that it writes about odd ones: a caller could fill the log."""
    if len(header) > LONGEST:
        return None
    state = metadata.get("tracestate")
    carrier = {"traceparent": header}
    if isinstance(state, str) and len(state) <= LONGEST:
        carrier["tracestate"] = state
    with quietly():
        found = get_current_span(_PROPAGATOR.extract(carrier, NOWHERE)).get_span_context()
    return found if found.is_valid else None
