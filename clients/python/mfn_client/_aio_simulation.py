"""A streamed simulation as an asynchronous iterator of frames."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mfn_client._simulation import SimulationState
from mfn_client._streamed import AsyncStreamed, OpenCall

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import xarray

    from mfn_client._results import Frame  # noqa: F401  # the base class names it
    from mfn_client._stream import SimulationStream


class AsyncSimulation(SimulationState, AsyncStreamed["Frame"]):
    """As `Simulation`, for `async for` and `async with`; cancelling the task cancels the call."""

    def __init__(
        self, stream: SimulationStream, open_call: OpenCall, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        super().__init__(stream, open_call, sleep)
        self._stream = stream

    async def to_xarray(self) -> xarray.Dataset:
        """As `Simulation.to_xarray`."""
        from mfn_client._xarray import dataset, require_xarray  # noqa: PLC0415  # only who calls this needs xarray

        require_xarray()
        frames = [frame async for frame in self]
        return dataset(frames, self.started, self.summary)
