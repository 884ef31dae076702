"""Streams of a server on the test's own event loop."""

from typing import Any

from mfn_grpc.v1 import simulation_pb2 as pb
from tests.server.conftest import Running


def stream(server: Running, message: pb.SimulationSpec, stride: int = 1, token: bytes = b"", **options: Any) -> Any:
    request = pb.SimulateRequest(spec=message, frame_stride=stride, resume_token=token)
    return server.simulation.Simulate(request, **options)


async def until_frame(call: Any, step: int) -> list[Any]:
    """The messages up to the end of the frame of this step."""
    seen: list[Any] = []
    while not (seen and seen[-1].frame.last and seen[-1].frame.step == step):
        seen.append(await call.read())
    return seen
