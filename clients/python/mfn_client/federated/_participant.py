"""A participant's life: join, do what is asked, join again after every break, until the federation is over."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from mfn_client._decoding import decoded
from mfn_client._exceptions import MfnError, RpcError, Unavailable
from mfn_client._federation_results import ModelRef, Verdict
from mfn_client._messages import plain
from mfn_client.federated._identity import Identity
from mfn_client.federated._models import ModelStore
from mfn_client.federated._results import COUNTING, Acknowledgement, Participation
from mfn_client.federated._retry import LONGEST_DELAY_S, TASK_REFUSED, Retry
from mfn_client.federated._session import Session
from mfn_client.federated._tasks import task_of
from mfn_client.federated._worker import Worker
from mfn_grpc.v1 import federation_pb2 as pb

Note = Callable[[Acknowledgement], Awaitable[None]]
_log = logging.getLogger("mfn_client.federated")


class Participant:
    """Reads what the server says, over one session after another.

    Args:
        who: Its name and key.
        open_call: Opens a call of Federate.
        worker: Does what is asked.
        store: The models it holds.
        retry: Which failures to outlive.
        note: Called with every acknowledgement before anything follows from it.
        can_evaluate: Whether it answers Evaluate.
    """

    def __init__(
        self,
        who: Identity,
        open_call: Callable[[], Any],
        worker: Worker,
        store: ModelStore,
        retry: Retry,
        note: Note,
        can_evaluate: bool,
    ) -> None:
        self._who, self._open_call, self._worker, self._store = who, open_call, worker, store
        self._retry, self._note, self._can_evaluate = retry, note, can_evaluate
        self._session: Session | None = None
        self._acks: dict[Acknowledgement, None] = {}
        self._verdicts: dict[tuple[str, int], Verdict] = {}
        self._last_round = 0
        self._leaving = self._lost = False
        self._joined_uid: str | None = None
        self._handlers: dict[str, Callable[[Any], Awaitable[None]]] = {
            "round_start": self._on_round_start,
            "model_begin": self._on_model_begin,
            "chunk": self._on_chunk,
            "resume": self._on_resume,
            "update_ack": self._on_update_ack,
            "round_result": self._on_round_result,
            "evaluate": self._on_evaluate,
        }

    async def run(self) -> Participation:
        """Take part until the federation is over; a cancelled participant says goodbye first."""
        life = asyncio.create_task(self._live())
        try:
            return await asyncio.shield(life)
        except asyncio.CancelledError:
            self._leaving = True
            if self._session is not None:
                await self._session.leave("the participant was stopped")
            raise
        finally:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            self._worker.stop()

    async def _live(self) -> Participation:
        while True:
            try:
                return await self._attend()
            except MfnError as error:
                delay = self._after(error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._worker.failed.wait()

    def _after(self, error: MfnError) -> float:
        """Seconds to wait after a broken session; raises what ends the participation."""
        self._raise_failure()
        if self._leaving:
            raise error
        if isinstance(error, RpcError) and error.reason in TASK_REFUSED:
            self._worker.refuse_update()
        delay = self._retry.delay(error)
        what = "The stream broke, joining again" if self._joined_uid else "Not joined yet, trying on"
        _log.log(logging.DEBUG if self._lost else logging.WARNING, "%s: %s", what, error)
        self._lost = True
        return delay

    async def _attend(self) -> Participation:
        """One session; returns when the federation is over."""
        self._session = session = Session(self._open_call())
        try:
            welcome = await session.join(self._who, self._store.held(), self._can_evaluate)
            return await self._listen(session, welcome)
        finally:
            session.cancel()
            await self._store.interrupt()

    async def _listen(self, session: Session, welcome: pb.Welcome) -> Participation:
        began = asyncio.get_running_loop().time()
        self._retry.answered()
        if self._lost:
            _log.warning("Joined again" if self._joined_uid else "Joined")
            self._lost = False
        session.beat(welcome.policy.heartbeat_seconds)
        self._raise_failure()
        if self._joined_uid not in {None, self._who.federation_uid}:
            self._worker.forget()
        self._joined_uid = self._who.federation_uid
        if welcome.HasField("last_ack"):
            await self._acknowledged(welcome.last_ack)
        self._worker.connected(session, welcome.policy)
        while (message := await self._next_message(session, began)) is not None:
            kind = message.WhichOneof("message")
            if kind == "finished":
                session.end()
                return await self._finish(message.finished)
            handler = self._handlers.get(kind or "")
            if handler is not None:  # participants skip what they do not know
                await handler(getattr(message, kind))
        raise Unavailable(
            grpc.StatusCode.UNAVAILABLE, "The server ended the stream although the federation is not over"
        )

    def _raise_failure(self) -> None:
        """What the training code raised, if it did and that is to be raised."""
        if self._worker.failure is not None:
            raise self._worker.failure

    async def _next_message(self, session: Session, began: float) -> pb.FederateResponse | None:
        try:
            return await session.receive()
        finally:
            if session.over and asyncio.get_running_loop().time() - began > LONGEST_DELAY_S:
                self._retry.progress()

    async def _finish(self, message: pb.Finished) -> Participation:
        await self._worker.rest()
        self._raise_failure()
        return Participation(
            federation_uid=self._who.federation_uid,
            reason=plain(message)["why"],
            model=decoded(ModelRef, message.model) if message.HasField("model") else None,
            best_model=decoded(ModelRef, message.best_model) if message.HasField("best_model") else None,
            rounds=tuple(sorted({ack.round for ack in self._acks if ack.status in COUNTING})),
            acknowledgements=tuple(self._acks),
            verdicts=tuple(self._verdicts.values()),
        )

    async def _acknowledged(self, message: pb.UpdateAck) -> None:
        values = {**plain(message), "payload_sha256": message.payload_sha256}
        ack = Acknowledgement(self._who.federation_uid, **values)
        if ack not in self._acks:
            await self._note(ack)
            self._acks[ack] = None
            self._retry.progress()
        self._worker.settle(message)

    async def _on_round_start(self, message: pb.RoundStart) -> None:
        if message.round != self._last_round:
            self._last_round = message.round
            self._retry.progress()
        self._worker.begin_round(message, task_of(message))

    async def _on_model_begin(self, message: pb.ModelBegin) -> None:
        await self._store.begin(message)
        self._worker.wake()

    async def _on_chunk(self, message: pb.Chunk) -> None:
        complete = await self._store.add(message)
        self._retry.progress()
        if complete:
            self._worker.wake()

    async def _on_resume(self, message: pb.Resume) -> None:
        update = self._worker.update
        if update is not None and message.offset > update.durable_bytes:
            self._retry.progress()
        self._answer(message)

    async def _on_update_ack(self, message: pb.UpdateAck) -> None:
        await self._acknowledged(message)
        self._answer(message)

    def _answer(self, message: pb.Resume | pb.UpdateAck) -> None:
        if self._session is not None:
            self._session.answer(message)

    async def _on_round_result(self, message: pb.RoundResult) -> None:
        if message.HasField("verdict"):
            verdict = decoded(Verdict, message.verdict)
            self._verdicts[self._who.federation_uid, verdict.round] = verdict

    async def _on_evaluate(self, message: pb.Evaluate) -> None:
        self._worker.ask(task_of(message))
