"""What is still to be sent to one participant: in order, bounded, made when its turn comes."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault

MOST_WAITING = 64
"""More than this are never due at once to a participant who reads: a stream that lags so far behind is ended."""

Messages = Callable[[], AsyncGenerator[pb.FederateResponse, None]]


@dataclass(frozen=True)
class _Task:
    """A task and the model that goes with it; a later task makes it pointless."""

    messages: Messages


class Outbox:
    """Filled by whoever has something to say, emptied by the one who writes to the stream.

    Model bytes are never in here: a task is turned into its messages, read from the disk, when its turn comes.
    """

    def __init__(self) -> None:
        self._waiting = deque[pb.FederateResponse | _Task]()
        self._changed = asyncio.Event()
        self._ended = False
        self._fault: Fault | None = None

    def put(self, message: pb.FederateResponse) -> None:
        """Send a message after all that wait."""
        self._add(message)

    def put_task(self, messages: Messages) -> None:
        """Send what `messages` gives when its turn comes, in place of an earlier task that has not begun."""
        self._waiting = deque(item for item in self._waiting if not isinstance(item, _Task))
        self._add(_Task(messages))

    def end(self, fault: Fault | None = None) -> None:
        """End the stream: with OK after all that waits, with a fault after the message that is being written."""
        if not self._ended:
            self._ended, self._fault = True, fault
            self._changed.set()

    async def messages(self) -> AsyncGenerator[pb.FederateResponse, None]:
        """All messages until the end; raises the fault that ended the stream."""
        while (item := await self._next()) is not None:
            if isinstance(item, pb.FederateResponse):
                yield item
                continue
            async with aclosing(item.messages()) as messages:
                async for message in messages:
                    yield message
                    self._raise_fault()

    async def _next(self) -> pb.FederateResponse | _Task | None:
        while True:
            self._raise_fault()
            if self._waiting:
                return self._waiting.popleft()
            if self._ended:
                return None
            self._changed.clear()
            await self._changed.wait()

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _add(self, item: pb.FederateResponse | _Task) -> None:
        if self._ended:
            return
        if len(self._waiting) >= MOST_WAITING:
            text = f"{MOST_WAITING} messages wait to be read; read them as they come, or join again"
            self.end(Fault(reasons.ERROR_REASON_STREAM_IDLE, text))
            return
        self._waiting.append(item)
        self._changed.set()
