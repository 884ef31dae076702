"""The rounds of one Aggregate stream, one after the other."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from mfn_grpc.core.aggregation import NUMERICS_VERSION, AggregationFailure, ClientVerdict, VerdictKind
from mfn_grpc.core.limits import InvalidInput, Violation
from mfn_grpc.tensors import Elements, payload_bytes
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.federation_pb2 import TensorManifest
from mfn_server.aggregation.computing import Computed, aggregation_of, compute, refusal_of
from mfn_server.aggregation.helping import hands_of, help_for
from mfn_server.aggregation.inbox import Inbox
from mfn_server.aggregation.memory import RECEIVING_BYTES, require_room
from mfn_server.aggregation.policies import encode_aggregation
from mfn_server.aggregation.requests import Plan, decode_begin
from mfn_server.aggregation.results import Result
from mfn_server.aggregation.round import Round
from mfn_server.aggregation.spool import Share, Spool, SpoolFile, View, aligned
from mfn_server.aggregation.verdicts import encode_verdict
from mfn_server.errors import Fault
from mfn_server.federation.disk import Disk
from mfn_server.rpc.call import Call
from mfn_server.runtime import Runtime

Responses = AsyncGenerator[pb.AggregateResponse, None]


@dataclass(frozen=True)
class Room:
    """Where the rounds of a server keep what they hold, and the threads that write it there."""

    spool: Spool
    disk: Disk

    @asynccontextmanager
    async def file(self) -> AsyncIterator[SpoolFile]:
        """A file for as long as it is needed."""
        file = await self.disk.run(self.spool.open)
        try:
            yield file
        finally:
            try:
                self.disk.begin(file.close)
            except RuntimeError:
                file.close()  # the server stops, and its threads have


@dataclass(frozen=True)
class Center:
    """The last aggregate of a stream, where the next round may start."""

    manifest: TensorManifest
    view: View

    @property
    def size(self) -> int:
        """What it takes of the spool."""
        return aligned(payload_bytes(self.manifest))

    def source(self, plan: Plan) -> Elements | None:
        """Its elements, for a round with the same tensors; None for another."""
        same = _shapes(self.manifest) == _shapes(plan.manifest)
        return Elements(self.manifest, self.view.read) if same else None


class Rounds:
    """The rounds of one stream. share: its share of the spool. idle_s: longest silence in an open round."""

    def __init__(self, runtime: Runtime, room: Room, share: Share, call: Call, idle_s: float) -> None:
        self._runtime, self._room, self._share, self._call, self._idle_s = runtime, room, share, call, idle_s
        self._center: Center | None = None

    def close(self) -> None:
        """Let go of the last aggregate."""
        if self._center is not None:
            self._center.view.close()

    async def answer(self, inbox: Inbox[pb.AggregateRequest]) -> Responses:
        """The answers to all rounds of a stream."""
        while (message := await inbox.next(None)) is not None:
            if message.WhichOneof("message") != "begin":
                raise Fault(reasons.ERROR_REASON_UNEXPECTED_MESSAGE, "a round begins with the message `begin`")
            async with aclosing(self._round(decode_begin(message.begin), inbox)) as responses:
                async for response in responses:
                    yield response

    async def _round(self, plan: Plan, inbox: Inbox[pb.AggregateRequest]) -> Responses:
        room = self._room
        self._share.take(aligned(payload_bytes(plan.result)))
        with self._share.part() as share:
            async with room.file() as spooled, room.file() as kept:
                opened, result = Round(plan, spooled, share, room.disk), Result(plan.result, kept)
                async with aclosing(self._received(opened, inbox)) as verdicts:
                    async for verdict in verdicts:
                        yield verdict
                async with aclosing(self._aggregated(opened, result)) as responses:
                    async for response in responses:
                        yield response
                self._keep(Center(plan.result, await room.disk.run(result.view)))

    async def _received(self, opened: Round, inbox: Inbox[pb.AggregateRequest]) -> Responses:
        """Verdicts on those who fail while the updates come in, and on those who are missing at the end."""
        try:
            arriving = _arriving(opened, inbox, self._idle_s)
            async with self._runtime.hold(RECEIVING_BYTES, self._call), aclosing(arriving) as verdicts:
                async for verdict in verdicts:
                    yield _verdict(opened, verdict)
        finally:
            await opened.writer.settle()
        for verdict in opened.end_input():
            yield _verdict(opened, verdict)

    async def _aggregated(self, opened: Round, result: Result) -> Responses:
        """The other verdicts, the aggregate and the record; where there is no aggregate, the verdicts all the same."""
        try:
            computed = await self._compute(opened, result)
        except AggregationFailure as failure:
            for message in _others(opened, failure.verdicts):
                yield message
            raise refusal_of(failure) from None
        for message in _others(opened, computed.record.verdicts):
            yield message
        yield pb.AggregateResponse(
            result_begin=pb.AggregateResultBegin(
                round=opened.plan.round,
                manifest=result.manifest,
                total_bytes=result.total_bytes,
                sha256=result.sha256,
            )
        )
        async with aclosing(result.chunks(self._room.disk)) as chunks:
            async for chunk in chunks:
                yield pb.AggregateResponse(chunk=chunk)
        yield pb.AggregateResponse(record=_record(opened, computed))

    async def _compute(self, opened: Round, result: Result) -> Computed:
        plan, runtime, call = opened.plan, self._runtime, self._call
        screened = [each for each in opened.verdicts.values() if each.kind is VerdictKind.SCREENED]
        start = None if self._center is None else self._center.source(plan)
        async with opened.updates() as updates:
            threads = runtime.compute.workers
            helped = help_for(plan.policy, threads)
            pieces = aggregation_of(plan, updates, screened, start, result.write, hands_of(helped, threads))
            size = require_room(plan.policy, len(updates), runtime.admission.max_bytes)
            async with runtime.admit(size, call) as place:
                computed = await compute(runtime, call, plan, pieces, helped)
                place.completed = True
        return computed

    def _keep(self, center: Center) -> None:
        """Let the next round start from here; what the last one started from is needed no more."""
        if self._center is not None:
            self._share.give_back(self._center.size)
            self._center.view.close()
        self._center = center


def _shapes(manifest: TensorManifest) -> list[tuple[str, tuple[int, ...]]]:
    return [(tensor.name, tuple(tensor.shape)) for tensor in manifest.tensors]


async def _arriving(
    opened: Round, inbox: Inbox[pb.AggregateRequest], idle_s: float
) -> AsyncGenerator[ClientVerdict, None]:
    """Take in a round's messages up to its finish; the verdicts that they bring about."""
    while (message := await inbox.next(idle_s)) is not None:
        verdict = None
        match message.WhichOneof("message"):
            case "client_begin":
                verdict = opened.announce(message.client_begin)
            case "chunk":
                verdict = await opened.take(message.chunk)
            case "finish":
                _require_round(message.finish.round, opened.plan.round)
                return
            case other:
                text = f"{other or 'an empty message'} cannot come in an open round: client_begin, chunk or finish can"
                raise Fault(reasons.ERROR_REASON_UNEXPECTED_MESSAGE, text)
        if verdict is not None:
            yield verdict
    text = f"the stream was closed in round {opened.plan.round}, before its finish"
    raise Fault(reasons.ERROR_REASON_MISSING_REQUEST, text)


def _require_round(number: int, opened: int) -> None:
    if number != opened:
        raise InvalidInput([Violation("finish.round", str(number), f"is {number}, must be {opened}, the open round")])


def _others(opened: Round, verdicts: Iterable[ClientVerdict]) -> Iterator[pb.AggregateResponse]:
    """Verdicts on clients who have none yet."""
    return (_verdict(opened, verdict) for verdict in verdicts if verdict.client_id not in opened.verdicts)


def _verdict(opened: Round, verdict: ClientVerdict) -> pb.AggregateResponse:
    message = encode_verdict(verdict, opened.plan.round, opened.digests[verdict.client_id])
    return pb.AggregateResponse(client_verdict=message)


def _record(opened: Round, computed: Computed) -> pb.AggregateRecord:
    record = computed.record
    return pb.AggregateRecord(
        round=opened.plan.round,
        clients=len(opened.digests),
        accepted=record.accepted,
        rejected=record.rejected,
        screened=record.screened,
        missing=sum(verdict.kind is VerdictKind.MISSING for verdict in opened.verdicts.values()),
        f=record.f,
        aggregation=encode_aggregation(opened.plan.policy),
        aggregate_seconds=computed.seconds,
        numerics_version=NUMERICS_VERSION,
    )
