"""A grpc.aio server that streams: takes messages and forgets them, gives as many as asked: what a stream can carry.

A program: `python -m benchmarks.servers.bare_stream` prints its port and serves until its input ends.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import grpc

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


async def _serve() -> None:
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", 2**23)])
    _, service, take = METHOD.split("/")
    give = GIVE.rpartition("/")[-1]
    handlers: dict[str, Any] = {
        take: grpc.stream_unary_rpc_method_handler(_take),
        give: grpc.unary_stream_rpc_method_handler(_give),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(_serve())
