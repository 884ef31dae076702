"""A streamed simulation as an asynchronous iterator of frames."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import grpc.aio

from mfn_client._exceptions import MfnError, translated
from mfn_client._results import Frame
from mfn_client._simulation import OpenCall, SimulationState
from mfn_client._stream import SimulationStream

if TYPE_CHECKING:
    import xarray


class AsyncSimulation(SimulationState):
    """As `Simulation`, for `async for` and `async with`; cancelling the task cancels the call."""

    def __init__(
        self, stream: SimulationStream, open_call: OpenCall, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        super().__init__(stream)
        self._open_call = open_call
        self._call: Any = None
        self._messages: AsyncIterator[Any] | None = None
        self._closed = False
        self._sleep = sleep

    async def __aiter__(self) -> AsyncIterator[Frame]:
        try:
            while (frame := await anext(self, None)) is not None:
                yield frame
        finally:
            await self.aclose()

    async def __anext__(self) -> Frame:
        try:
            while not self._closed:
                frame = await self._advance()
                if frame is not None:
                    return frame
        except (MfnError, asyncio.CancelledError):
            await self.aclose()
            raise
        raise StopAsyncIteration

    async def _advance(self) -> Frame | None:
        """Make one step: connect, read a message, or wait; returns a frame when there is one for the caller."""
        if self._messages is None:
            self._call = self._open_call(*self._stream.connect())
            self._messages = aiter(self._call)
        try:
            response = await anext(self._messages, None)
        except grpc.aio.AioRpcError as error:
            await self._pause(self._stream.failed(translated(error)))
            return None
        if response is not None:
            return self._stream.accept(response)
        await self._pause(self._stream.ended())
        return None

    async def _pause(self, delay: float | None) -> None:
        self._call, self._messages = None, None
        if delay is None:
            self._closed = True
        elif delay > 0:
            await self._sleep(delay)

    async def aclose(self) -> None:
        """Cancel the call if it is still open; frames end here."""
        self._closed = True
        call, self._call, self._messages = self._call, None, None
        if call is not None:
            call.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def to_xarray(self) -> "xarray.Dataset":
        """As `Simulation.to_xarray`."""
        from mfn_client._xarray import dataset, require_xarray  # noqa: PLC0415  # only who calls this needs xarray

        require_xarray()
        frames = [frame async for frame in self]
        return dataset(frames, self.started, self.summary)
