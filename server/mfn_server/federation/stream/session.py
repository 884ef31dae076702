"""What one participant is told: rounds with their models, acknowledgements, results, and the end."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import partial

from mfn_grpc.tensors import payload_bytes
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.federation.faults import storage_faults
from mfn_server.federation.live.live import Live
from mfn_server.federation.machine import actions as todo
from mfn_server.federation.machine.records import Ack, Model, Verdict
from mfn_server.federation.messages import ack_message, number_of
from mfn_server.federation.storage.errors import PayloadMissing
from mfn_server.federation.stream.outbox import Outbox

SESSION_BYTES = 8


class Session:
    """A seat in a federation. held: how many of their first bytes the participant holds of which models.

    stop: ends the conversation whose session this is.
    """

    def __init__(
        self, live: Live, participant: str, outbox: Outbox, held: dict[Model, int], stop: Callable[[], None]
    ) -> None:
        self.participant, self.session = participant, secrets.token_hex(SESSION_BYTES)
        self.heard_at = time.time()
        self._live, self._outbox, self._held, self._stop = live, outbox, held, stop
        self._released = asyncio.Event()

    def welcome(self) -> None:
        """The session has begun."""
        live = self._live
        state, own = live.state, live.state.participants.get(self.participant)
        welcome = pb.Welcome(session=self.session, policy=live.policy.message)
        welcome.state = number_of(pb.FederationState, state.status)
        if state.model is not None:
            welcome.model.CopyFrom(live.messages.model_ref(state.model))
        if own is not None and own.last_ack is not None:
            welcome.last_ack.CopyFrom(ack_message(own.last_ack))
        self._outbox.put(pb.FederateResponse(welcome=welcome))

    def assign(self, action: todo.Assign) -> None:
        """A round has started, or is open."""
        self._outbox.put_task(partial(self._round, action))

    def acknowledge(self, ack: Ack) -> None:
        """An update is durable, or its bytes are not needed."""
        self._outbox.put(pb.FederateResponse(update_ack=ack_message(ack)))

    def conclude(self, action: todo.Conclude, verdict: Verdict | None) -> None:
        """A round is over; verdict: the participant's own of it, if it has one."""
        result = self._live.messages.round_result(action, verdict)
        self._outbox.put(pb.FederateResponse(round_result=result))

    def ask(self, action: todo.AskEvaluation) -> None:
        """A model is to be measured."""
        self._outbox.put_task(partial(self._evaluation, action))

    def finish(self, action: todo.Finish) -> None:
        """The federation is over."""
        self._outbox.put(pb.FederateResponse(finished=self._live.messages.finished(action)))
        self._outbox.end()
        self._stop()

    def end(self, fault: Fault) -> None:
        """The session is over before that."""
        self._outbox.end(fault)
        self._stop()

    def release(self) -> None:
        """Nothing of the session is at work any more."""
        self._released.set()

    async def released(self) -> None:
        """Until nothing of the session is at work any more."""
        await self._released.wait()

    async def _round(self, action: todo.Assign) -> AsyncGenerator[pb.FederateResponse, None]:
        live = self._live
        start = pb.RoundStart(
            round=action.round,
            model=live.messages.model_ref(action.model),
            config=live.policy.message.config,
            selected=action.selected,
        )
        left = live.timers.seconds_left(todo.TimerKind.ROUND)
        if action.timed and left is not None:
            start.seconds_left = left
        yield pb.FederateResponse(round_start=start)
        if action.selected:
            async with aclosing(self._model(action.model)) as messages:
                async for message in messages:
                    yield message

    async def _evaluation(self, action: todo.AskEvaluation) -> AsyncGenerator[pb.FederateResponse, None]:
        live = self._live
        evaluate = pb.Evaluate(
            round=action.round,
            model=live.messages.model_ref(action.model),
            config=live.policy.message.config,
            seconds_left=live.timers.seconds_left(todo.TimerKind.EVALUATION) or 0.0,
        )
        yield pb.FederateResponse(evaluate=evaluate)
        async with aclosing(self._model(action.model)) as messages:
            async for message in messages:
                yield message

    async def _model(self, model: Model) -> AsyncGenerator[pb.FederateResponse, None]:
        """The bytes of a model that the participant lacks; afterwards it holds this one, and no other for sure."""
        live = self._live
        total = payload_bytes(live.required_manifest)
        offset = self._held.get(model, 0)
        begin = pb.ModelBegin(
            model=live.messages.model_ref(model), manifest=live.manifest, total_bytes=total, offset=offset
        )
        try:
            with storage_faults():
                async with aclosing(live.models.chunks(model, total, offset)) as chunks:
                    yield pb.FederateResponse(model_begin=begin)
                    async for chunk in chunks:
                        yield pb.FederateResponse(chunk=chunk)
        except PayloadMissing:
            return  # the round that needed it was over long ago; the one that is open follows
        self._held = {model: total}
