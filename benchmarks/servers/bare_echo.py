"""A grpc.aio server with one unary method that reads a request and answers it: what a unary call costs without more.

The messages are those of ComputeNernst, parsed and serialised by grpc as in any service of generated code.
A program: `python -m benchmarks.servers.bare_echo` prints its port and serves until its input ends.
"""

import asyncio
import sys
from typing import Any

import grpc

from mfn_grpc.v1 import electrochemistry_pb2 as pb

METHOD = "/bare.Unary/Echo"
ANSWER = pb.ComputeNernstResponse(potential_mv=-89.06)


async def _answer(request: pb.ComputeNernstRequest, context: Any) -> pb.ComputeNernstResponse:
    return ANSWER


async def _serve() -> None:
    server = grpc.aio.server()
    _, service, method = METHOD.split("/")
    handler: Any = grpc.unary_unary_rpc_method_handler(
        _answer,
        request_deserializer=pb.ComputeNernstRequest.FromString,
        response_serializer=pb.ComputeNernstResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(_serve())
