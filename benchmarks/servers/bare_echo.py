"""A grpc.aio server with unary methods that read a request and answer it: what a unary call costs without more.

The messages of one are those of ComputeNernst, parsed and serialised by grpc as in any service of generated code; the
other takes bytes and answers as many as a batch of Nernst potentials has.
A program: `python -m benchmarks.servers.bare_echo` prints its port and serves until its input ends.
"""

from typing import Any

import grpc

from benchmarks.servers.port_program import serve
from mfn_grpc.v1 import electrochemistry_pb2 as pb

METHOD = "/bare.Unary/Echo"
ANSWER = pb.ComputeNernstResponse(potential_mv=-89.06)
BATCH_METHOD = "/bare.Unary/EchoBatch"
POINTS = 200_000
BATCH_ANSWER = bytes(8 * POINTS)


async def _answer(request: pb.ComputeNernstRequest, context: Any) -> pb.ComputeNernstResponse:
    return ANSWER


async def _answer_batch(request: bytes, context: Any) -> bytes:
    return BATCH_ANSWER


if __name__ == "__main__":
    parsed = grpc.unary_unary_rpc_method_handler(
        _answer,
        request_deserializer=pb.ComputeNernstRequest.FromString,
        response_serializer=pb.ComputeNernstResponse.SerializeToString,
    )
    serve({METHOD: parsed, BATCH_METHOD: grpc.unary_unary_rpc_method_handler(_answer_batch)})
