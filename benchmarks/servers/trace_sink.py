"""An OTLP collector that takes spans and forgets them.

A program: `python -m benchmarks.servers.trace_sink` prints its port and serves until its input ends.
"""

import asyncio
import sys
from typing import Any

import grpc

SERVICE, METHOD = "opentelemetry.proto.collector.trace.v1.TraceService", "Export"


async def _take(request: bytes, context: Any) -> bytes:
    return b""  # an ExportTraceServiceResponse without complaints


async def _serve() -> None:
    server = grpc.aio.server()
    handlers: dict[str, Any] = {METHOD: grpc.unary_unary_rpc_method_handler(_take)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(_serve())
