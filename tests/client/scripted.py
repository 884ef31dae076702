"""A simulation over scripted connections, on either face."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from mfn_client import AsyncSimulation, Frame, Simulation
from mfn_client._resume import Backoff
from mfn_client._spec import NO_FEATURES, FeatureArguments, SpecArguments, simulate_request
from mfn_client._stream import SimulationStream
from tests.client.fakes import Calls, Clock

STEPS, STRIDE = 10, 4
FRAMES = [0, 4, 8, 10]
MESSAGES_A_FRAME = 2


class Run:
    """One simulation on one face, with its frames and its clock."""

    def __init__(
        self,
        face: str,
        calls: Calls,
        token: bytes = b"",
        timeout: float | None = None,
        features: FeatureArguments = NO_FEATURES,
    ) -> None:
        self.face, self.calls, self.clock = face, calls, Clock()
        arguments = SpecArguments.of("gray_scott", {"steps": STEPS})
        request = simulate_request(arguments, stride=STRIDE, resume_token=token, features=features)
        backoff = Backoff(60.0, self.clock, lambda: 1.0)
        self.stream = SimulationStream(request, timeout, backoff, self.clock)
        self.frames: list[Frame] = []

    def collect(self) -> "Run":
        if self.face == "sync":
            for frame in Simulation(self.stream, self.calls, self.clock.sleep):
                self.frames.append(frame)
        else:
            asyncio.run(self._collect())
        return self

    async def _collect(self) -> None:
        async for frame in AsyncSimulation(self.stream, self.calls, self.clock.asleep):
            self.frames.append(frame)

    @property
    def steps(self) -> list[int]:
        return [frame.step for frame in self.frames]

    def fails(self, kind: type[Exception], match: str | None = None) -> Any:
        with pytest.raises(kind, match=match) as caught:
            self.collect()
        return caught.value


Starter = Callable[..., Run]
