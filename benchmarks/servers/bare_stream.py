"""A grpc.aio server that streams: takes messages and forgets them, gives as many as asked: what a stream can carry.

A program: `python -m benchmarks.servers.bare_stream` prints its port and serves until its input ends.
"""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from benchmarks.servers.port_program import serve

METHOD = "/bare.Stream/Take"
GIVE = "/bare.Stream/Give"
"""Asked for "count size" in decimal digits, answers with so many messages of so many bytes."""


async def _take(requests: AsyncIterator[bytes], context: Any) -> bytes:
    count = 0
    async for raw in requests:
        count += len(raw)
    return str(count).encode()


async def _give(request: bytes, context: Any) -> None:
    count, size = map(int, request.split())
    message = bytes(size)
    for _ in range(count):
        await context.write(message)


if __name__ == "__main__":
    serve(
        {
            METHOD: grpc.stream_unary_rpc_method_handler(_take),
            GIVE: grpc.unary_stream_rpc_method_handler(_give),
        }
    )
