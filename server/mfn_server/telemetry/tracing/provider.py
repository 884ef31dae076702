"""The spans of one server on their way out: its own provider, never the one of the whole process."""

import asyncio
import os
import uuid

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

from mfn_server.config.settings import Settings
from mfn_server.config.telemetry import TraceExporter
from mfn_server.telemetry.tracing.exporting import PatientExporter, otlp, zipkin
from mfn_server.version import server_version

SERVICE_NAME = "mfn-server"
BATCH_EVERY_MS = 1000
QUEUE_SPANS, BATCH_SPANS = 2048, 512
"""Spans beyond the queue are dropped: a collector that is down costs a bounded amount of memory."""


class Traces(TracerProvider):
    """Sends sampled spans out in batches, on a thread of its own.

    Which traces begin here is decided before a span is built (interceptors/tracing.py); what reaches the provider
    without a parent is kept.
    """

    def __init__(self, resource: Resource, exporter: SpanExporter) -> None:
        super().__init__(ParentBased(ALWAYS_ON), resource, shutdown_on_exit=False)
        self._exporter = PatientExporter(exporter)
        processor = BatchSpanProcessor(
            self._exporter,
            max_queue_size=QUEUE_SPANS,
            schedule_delay_millis=BATCH_EVERY_MS,
            max_export_batch_size=BATCH_SPANS,
        )
        self.add_span_processor(processor)

    async def close(self) -> None:
        """Send what is left; takes two timeouts of the exporter at most, also when nobody answers."""
        self._exporter.leave()
        await asyncio.to_thread(self.shutdown)


def tracer_provider(settings: Settings) -> Traces | None:
    """Where the settings send spans; None when they send none."""
    match settings.trace_exporter:
        case TraceExporter.OTLP:
            return Traces(_resource(settings), otlp(settings.trace_endpoint))
        case TraceExporter.ZIPKIN:
            return Traces(_resource(settings), zipkin(settings.trace_endpoint))
        case TraceExporter.NONE:
            return None


def _resource(settings: Settings) -> Resource:
    return Resource.create(
        {
            "service.name": SERVICE_NAME,
            "service.version": server_version(),
            "service.instance.id": str(uuid.uuid4()),
            "process.pid": os.getpid(),
            "deployment.environment.name": str(settings.env),
        }
    )
