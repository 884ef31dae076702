"""Exporters of spans, and patience with collectors that are down."""

import logging
from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from mfn_server.telemetry.tracing.quiet import quietly

TIMEOUT_S = 2
"""How long one batch may take, with what the exporter tries again by itself; the end of a server waits for it."""
OTLP_ENDPOINT = "http://localhost:4317"
ZIPKIN_ENDPOINT = "http://localhost:9411/api/v2/spans"

log = logging.getLogger(__name__)


def otlp(endpoint: str | None) -> SpanExporter:
    """To an OpenTelemetry collector or Jaeger by OTLP over gRPC; an https endpoint is reached by TLS."""
    from opentelemetry.exporter.otlp.proto.grpc import trace_exporter  # noqa: PLC0415  # costs memory, not always used

    return trace_exporter.OTLPSpanExporter(endpoint=endpoint or OTLP_ENDPOINT, timeout=TIMEOUT_S)


def zipkin(endpoint: str | None) -> SpanExporter:
    """To Zipkin by its JSON over HTTP.

    Raises RuntimeError where the exporter, an extra of its own, is not installed.
    """
    try:
        from opentelemetry.exporter.zipkin.json import ZipkinExporter  # noqa: PLC0415  # an extra of its own
    except ImportError:
        raise RuntimeError("MFN_TRACE_EXPORTER=zipkin needs: pip install 'mfn-grpc[zipkin]'") from None
    return ZipkinExporter(endpoint=endpoint or ZIPKIN_ENDPOINT, timeout=TIMEOUT_S)


class PatientExporter(SpanExporter):
    """Tells once that spans are lost and once that they arrive again; what is lost is not tried again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._failing = self._leaving = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; once the server leaves, none after one that was lost."""
        if self._leaving and self._failing:
            return SpanExportResult.FAILURE
        try:
            with quietly():
                result, why = self._exporter.export(spans), ""
        except OSError as error:  # what requests raises
            result, why = SpanExportResult.FAILURE, f" ({type(error).__name__})"
        self._note(result is not SpanExportResult.SUCCESS, why)
        return result

    def leave(self) -> None:
        """From now on nothing is tried after a failure."""
        self._leaving = True

    def shutdown(self) -> None:
        """Let go of the connection."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is held back here."""
        return self._exporter.force_flush(timeout_millis)

    def _note(self, failing: bool, why: str) -> None:
        if failing and not self._failing:
            log.warning("the collector of traces does not take spans; they are dropped until it does%s", why)
        if self._failing and not failing:
            log.info("the collector of traces takes spans again")
        self._failing = failing
