"""From the stored updates of a round to the next model: verified, aggregated on the workers, written, made durable."""

import asyncio
import logging
import time
from dataclasses import dataclass
from functools import partial

from mfn_grpc.core.aggregation import (
    Aggregation,
    AggregationFailure,
    ClientVerdict,
    Hands,
    NotFinite,
    ScreenedBeyondF,
    aggregate,
)
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.tensors import element_count
from mfn_server.aggregation.computing import aggregated
from mfn_server.aggregation.helping import hands_of, help_for
from mfn_server.aggregation.memory import require_room
from mfn_server.errors import Fault
from mfn_server.federation.live.live import Live
from mfn_server.federation.machine import actions as todo
from mfn_server.federation.machine.events import Aggregated
from mfn_server.federation.machine.records import Judgement, Model, SkipReason, VerdictKind, VerdictReason
from mfn_server.federation.next_model.contributing import Contributions, Form
from mfn_server.federation.next_model.publishing import NewModel, NotStorable
from mfn_server.federation.storage.rows import Batch, ModelRow
from mfn_server.kernels import Group
from mfn_server.runtime import Runtime
from mfn_server.slices import Sliced, Stopped
from mfn_server.telemetry.tracing.spans import span

NEEDS = (Group.AGGREGATION,)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Behalf:
    """A federation, as one that waits for workers in turn with callers."""

    principal: str

    def time_remaining(self) -> float | None:
        """A round is worth its result however long it takes."""
        return None


class Aggregator:
    """Aggregates the rounds of all federations of this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def aggregate(self, live: Live, action: todo.Aggregate) -> tuple[Aggregated, Batch]:
        """The event that answers the action, its model durable, and the rows that go with it.

        The same action gives the same bytes, whenever and wherever it is done.
        """
        runtime, behalf = self._runtime, Behalf(live.name)
        await runtime.ready(behalf, NEEDS)
        try:
            size = require_room(live.policy.aggregation, len(action.contributions), runtime.admission.max_bytes)
        except Fault as never:
            log.error("%s: round %d cannot be aggregated: %s", live.name, action.round, never)
            return Aggregated(action.round, SkipReason.FAILED, (), None, 0.0, time.time()), Batch()
        try:
            async with runtime.admit(size, behalf) as place:
                answer = await self._attempt(live, action, behalf)
                place.completed = True
        except Stopped:
            raise asyncio.CancelledError from None  # the server leaves; whoever opens the federation next does it again
        return answer

    async def _attempt(self, live: Live, action: todo.Aggregate, behalf: Behalf) -> tuple[Aggregated, Batch]:
        updates = Contributions(live.folder, _form(live), action.contributions)
        target = await live.disk.run(partial(_new_model, live, action.base))
        threads = self._runtime.compute.workers
        helped = help_for(live.policy.aggregation, threads)
        pieces = _aggregation(live, action, updates, target, hands_of(helped, threads))
        work = Sliced(self._runtime, behalf, pieces, helped=helped)
        try:
            record = await aggregated(work, live.policy.aggregation, action.round)
            with span("publish_model", version=action.base.version + 1, bytes=target.total_bytes):
                model = await live.disk.run(target.finish)
        except AggregationFailure as failure:
            judgements = tuple(map(_judgement, failure.verdicts))
            return Aggregated(action.round, _skip(failure), judgements, None, work.seconds, time.time()), Batch()
        finally:
            await live.disk.run(target.discard)
        judgements = tuple(map(_judgement, record.verdicts))
        ref = live.messages.model_ref(model)
        row = ModelRow(model.version, model.sha256, target.total_bytes, ref.SerializeToString())
        event = Aggregated(action.round, model, judgements, record.f, work.seconds, time.time())
        return event, Batch(models=[row])


def _aggregation(
    live: Live, action: todo.Aggregate, updates: Contributions, target: NewModel, hands: Hands
) -> Pieces[Aggregation]:
    """The whole computation, in pieces."""
    yield from updates.verify()
    return (
        yield from aggregate(
            updates.updates(),
            element_count(live.required_manifest),
            live.policy.aggregation,
            round_number=action.round,
            center=target.centre,
            write=target.write,
            screened_before=updates.damaged,
            hands=hands,
        )
    )


def _form(live: Live) -> Form:
    policy = live.policy.message
    return Form(live.required_manifest, policy.update_kind, policy.update_element_type)


def _new_model(live: Live, base: Model) -> NewModel:
    policy = live.policy
    return NewModel(live.folder.models, live.required_manifest, base, policy.optimizer, policy.aggregation)


def _judgement(verdict: ClientVerdict) -> Judgement:
    return Judgement(
        participant=verdict.client_id,
        kind=VerdictKind(verdict.kind),
        reason=VerdictReason(verdict.reason),
        detail=verdict.detail,
        norm=verdict.norm,
        score=verdict.score,
        weight=verdict.weight,
    )


def _skip(failure: AggregationFailure) -> SkipReason:
    if isinstance(failure, NotFinite | NotStorable):
        return SkipReason.NOT_FINITE
    return SkipReason.SCREENED_BEYOND_F if isinstance(failure, ScreenedBeyondF) else SkipReason.PRECONDITION
