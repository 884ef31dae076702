"""The streams that a coordinator counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import numpy as np
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import draining
from tests.server.federation.hosting import Hosting


class SlowToEnd:
    """A participant who says nothing, and whose stream takes until `over` to let go."""

    def __init__(self) -> None:
        self.asked, self.ending, self.over = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.request_id = "r"

    async def requests(self) -> AsyncIterator[pb.FederateRequest]:
        try:
            self.asked.set()
            await asyncio.Event().wait()
            yield pb.FederateRequest()
        finally:
            self.ending.set()
            await self.over.wait()

    async def read(self, coordinator: Any) -> None:
        async with aclosing(coordinator.federate(self.requests(), self)) as messages:
            async for _ in messages:
                pass


async def test_a_stream_that_is_cancelled_while_it_ends_gives_its_place_back(hosting: Hosting) -> None:
    host = await hosting(federation_max_participants=1)
    coordinator: Any = host.running.application.coordinator
    leaving = SlowToEnd()
    reading = asyncio.create_task(leaving.read(coordinator))
    await leaving.asked.wait()
    (conversation,) = coordinator._conversations
    conversation.end(draining())
    await leaving.ending.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    leaving.over.set()
    federation = await host.operator.federation("f", np.zeros(1, "<f4"))
    participant = await federation.enrol("p")
    await participant.join()
    assert len(coordinator._conversations) == 1
