"""Streams of a server on the test's own event loop."""

import itertools
from typing import Any

import pytest

from mfn_grpc.v1 import simulation_pb2 as pb
from tests.server.conftest import Running
from tests.server.specs import EDGE


def stream(server: Running, message: pb.SimulationSpec, stride: int = 1, token: bytes = b"", **options: Any) -> Any:
    request = pb.SimulateRequest(spec=message, frame_stride=stride, resume_token=token)
    return server.simulation.Simulate(request, **options)


async def until_frame(call: Any, step: int) -> list[Any]:
    """The messages up to the end of the frame of this step."""
    seen: list[Any] = []
    while not (seen and seen[-1].frame.last and seen[-1].frame.step == step):
        seen.append(await call.read())
    return seen


def one_step_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock by which each step of EDGE x EDGE cells takes a good half of a slice of 40 ms."""
    ticks = itertools.count()
    monkeypatch.setattr("mfn_server.simulation.run.perf_counter", lambda: 0.015 * next(ticks))
    monkeypatch.setattr("mfn_server.simulation.run.FIRST_RATE", EDGE * EDGE / 0.015)
