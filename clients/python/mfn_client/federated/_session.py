"""One stream of a participant: joining, messages in and out, heartbeats. Nothing in here outlives the stream."""

import asyncio
import contextlib
import random
from collections.abc import Iterable
from typing import Any

import grpc
import grpc.aio

from mfn_client._exceptions import StreamCorrupted, Unavailable
from mfn_client._statuses import CallStatus
from mfn_client.federated._identity import Identity
from mfn_grpc.tensors import UPDATE_TYPES
from mfn_grpc.v1 import federation_pb2 as pb

HANDSHAKE_S = 30.0
FAREWELL_S = 2.0
_LOST = (grpc.aio.AioRpcError, asyncio.InvalidStateError, grpc.aio.UsageError)
"""What grpc raises when a call that is over, or was cancelled, is written to."""


class SessionOver(Exception):
    """The stream has ended; why, its reader learns."""


class Session:
    """One open call of Federate. One task reads; any may write, one message at a time."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._status = CallStatus(call)
        self._writing = asyncio.Lock()
        self._answers: asyncio.Queue[pb.Resume | pb.UpdateAck | None] = asyncio.Queue()
        self._beating: asyncio.TimerHandle | None = None
        self._beat_task: asyncio.Task[None] | None = None
        self._last_sent = 0.0
        self.over = False

    async def join(self, who: Identity, held: Iterable[pb.HeldModel], can_evaluate: bool) -> pb.Welcome:
        """Join and prove who joins.

        Raises:
            RpcError: the server refuses, is lost, or says nothing for HANDSHAKE_S.
            StreamCorrupted: it answers with something else.
        """
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                return await self._joined(who, held, can_evaluate)
        except TimeoutError:
            text = f"The server did not answer to joining within {HANDSHAKE_S:g} s"
            raise Unavailable(grpc.StatusCode.UNAVAILABLE, text) from None

    async def _joined(self, who: Identity, held: Iterable[pb.HeldModel], can_evaluate: bool) -> pb.Welcome:
        able = pb.Capabilities(element_types=UPDATE_TYPES, can_evaluate=can_evaluate, client=who.client)
        join = pb.Join(participant=who.participant, capabilities=able, held_models=held)
        with contextlib.suppress(SessionOver):  # reading says why
            await self.send(pb.FederateRequest(join=join))
        challenge = (await self._expected("challenge")).challenge
        with contextlib.suppress(SessionOver):
            await self.send(pb.FederateRequest(proof=who.proof(challenge)))
        who.federation_uid = challenge.federation_uid
        return (await self._expected("welcome")).welcome

    async def _expected(self, kind: str) -> pb.FederateResponse:
        message = await self.receive()
        if message is None or message.WhichOneof("message") != kind:
            raise StreamCorrupted(f"The server did not answer to joining with its {kind}")
        return message

    async def receive(self) -> pb.FederateResponse | None:
        """The next message; None when the server has closed the stream with OK.

        Raises:
            RpcError: it ended in another way.
        """
        try:
            with contextlib.suppress(*_LOST):
                message = await self._call.read()
                if message is not grpc.aio.EOF:
                    return message  # type: ignore[no-any-return]  # grpc's calls are not annotated
        except asyncio.CancelledError:
            # grpc raises this in its readers too when the call was cancelled and the task was not.
            if not self.over or _is_cancelled():
                raise
        self.end()
        error = await self._status.error()
        if error is not None:
            raise error
        return None

    async def send(self, message: pb.FederateRequest) -> None:
        """Write a message.

        Raises:
            SessionOver: the stream has ended.
        """
        async with self._writing:
            if self.over:
                raise SessionOver
            try:
                await self._call.write(message)
            except _LOST:
                self.end()
                raise SessionOver from None
        self._last_sent = asyncio.get_running_loop().time()

    def beat(self, heartbeat_seconds: float) -> None:
        """Say that the participant is there whenever nothing else was sent for most of the interval."""
        # Not all at the same moment: a thousand participants may have joined together.
        interval = heartbeat_seconds * random.uniform(0.5, 0.9)  # noqa: S311  # nosec B311  # no secret
        loop = asyncio.get_running_loop()

        def due() -> None:
            silent = loop.time() - self._last_sent
            if silent >= interval:
                self._beat_task = loop.create_task(self._heartbeat())
                silent = 0.0
            self._beating = None if self.over else loop.call_later(interval - silent, due)

        self._beating = loop.call_later(interval, due)

    async def _heartbeat(self) -> None:
        with contextlib.suppress(SessionOver):
            await self.send(pb.FederateRequest(heartbeat=pb.Heartbeat()))

    def answer(self, answer: pb.Resume | pb.UpdateAck) -> None:
        """Hand the server's answer about an update to who waits for it."""
        self._answers.put_nowait(answer)

    async def next_answer(self) -> pb.Resume | pb.UpdateAck:
        """The server's next answer about an update.

        Raises:
            SessionOver: the stream has ended.
        """
        found = await self._answers.get()
        if found is None:
            self._answers.put_nowait(None)
            raise SessionOver
        return found

    async def leave(self, why: str) -> None:
        """Say goodbye and wait until the server has closed the stream, as far as it still listens."""
        with contextlib.suppress(SessionOver, TimeoutError, *_LOST):
            async with asyncio.timeout(FAREWELL_S):
                await self.send(pb.FederateRequest(leave=pb.Leave(why=why)))
                await self._call.done_writing()
                await self._call.code()
        self.end()

    def end(self) -> None:
        """Take no more messages and wake who waits for an answer."""
        if self.over:
            return
        self.over = True
        self._answers.put_nowait(None)
        if self._beating is not None:
            self._beating.cancel()

    def cancel(self) -> None:
        """End the call, whatever it is at."""
        self.end()
        self._call.cancel()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
