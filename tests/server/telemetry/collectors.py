"""Collectors of spans: what a server sends over the wire, as a tree."""

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as otlp
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as otlp_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

PATIENCE_S = 60.0
"""After this long spans that should have come count as lost."""
SERVER: Sent.SpanKind.ValueType = Sent.SPAN_KIND_SERVER


@dataclass(frozen=True)
class Caller:
    """A caller's own span, which the collector never sees."""

    trace_id: str
    span_id: str = "b7ad6b7169203331"
    flags: str = "01"

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What the caller sends."""
        return (("traceparent", f"00-{self.trace_id}-{self.span_id}-{self.flags}"), ("tracestate", "us=1"))


class Collector(otlp_grpc.TraceServiceServicer):
    """Keeps every span that arrives."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self.spans: list[Sent] = []
        self.resources: list[dict[str, Any]] = []

    def Export(self, request: otlp.ExportTraceServiceRequest, context: Any) -> Any:  # noqa: N802  # grpc's name
        """Take a batch."""
        with self._arrived:
            for each in request.resource_spans:
                self.resources.append(values_of(each.resource.attributes))
                self.spans += [span for scope in each.scope_spans for span in scope.spans]
            self._arrived.notify_all()
        return otlp.ExportTraceServiceResponse()

    def trace(self, caller: Caller) -> list[Sent]:
        """The spans of a caller's trace so far."""
        return [span for span in self.spans if span.trace_id.hex() == caller.trace_id]

    def ended(self, caller: Caller) -> list[Sent]:
        """The caller's trace, once the span of its call, the last to end, has come."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: any(s.kind == SERVER for s in self.trace(caller)), PATIENCE_S)
        assert came, "the span of the call never came"
        return self.trace(caller)


@contextmanager
def collector() -> Iterator[tuple[Collector, str]]:
    """A collector that speaks OTLP over gRPC, and its endpoint."""
    server, collecting = grpc.server(ThreadPoolExecutor(2)), Collector()
    add: Any = otlp_grpc.add_TraceServiceServicer_to_server  # generated without annotations
    add(collecting, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield collecting, f"http://127.0.0.1:{port}"
    finally:
        server.stop(None)


@contextmanager
def zipkin() -> Iterator[tuple[list[dict[str, Any]], str]]:
    """The spans that a Zipkin gets, and its endpoint."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.extend(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(202)
            self.end_headers()

        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield got, f"http://127.0.0.1:{server.server_port}/api/v2/spans"
        server.shutdown()


def values_of(attributes: Any) -> dict[str, Any]:
    """Attributes as Python values."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


def below(parent: bytes, spans: Sequence[Sent]) -> list[str]:
    """The names of all spans below one, however deep."""
    children = [span for span in spans if span.parent_span_id == parent]
    return [name for child in children for name in (child.name, *below(child.span_id, spans))]
