"""A server of grpc.aio that reads a little of what it is sent and then refuses, with a reason."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio

from tests.client.fakes import status_bytes

ATTEMPTS = 30
"""Without care, about every call loses the status that its server sent."""
REASON = "SCOPE_MISSING"


async def refuse(_requests: Any, context: Any) -> None:
    """Reads a little, then refuses."""
    for _ in range(2):
        await context.read()
    trailers = (("grpc-status-details-bin", status_bytes(REASON)),)
    await context.abort(grpc.StatusCode.PERMISSION_DENIED, "no", trailers)


@asynccontextmanager
async def answering(service: str, methods: Any) -> AsyncIterator[str]:
    """A server with these handlers; gives its target."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
