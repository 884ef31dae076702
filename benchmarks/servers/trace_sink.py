"""An OTLP collector that takes spans and forgets them.

A program: `python -m benchmarks.servers.trace_sink` prints its port and serves until its input ends.
"""

from typing import Any

import grpc

from benchmarks.servers.port_program import serve

METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


async def _take(request: bytes, context: Any) -> bytes:
    return b""  # an ExportTraceServiceResponse without complaints


if __name__ == "__main__":
    serve({METHOD: grpc.unary_unary_rpc_method_handler(_take)})
