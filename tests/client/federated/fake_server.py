"""The fake federation behind a real grpc server, which can also misbehave."""

import asyncio
import dataclasses
import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import grpc.aio
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mfn_grpc.signing import join_message
from mfn_grpc.tensors import check_chunk, chunks
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1 import federation_pb2_grpc as pb_grpc
from tests.client.fakes import status_bytes
from tests.client.federated.fake_federation import FakeFederation
from tests.client.federations import SERVICER


@dataclasses.dataclass(frozen=True)
class Refusal:
    """How a stream ends."""

    code: grpc.StatusCode
    reason: str = ""
    text: str = "refused"


LOST = Refusal(grpc.StatusCode.UNAVAILABLE, text="Socket closed")
SUPERSEDED = Refusal(grpc.StatusCode.ABORTED, "SESSION_SUPERSEDED")
Damage = Callable[[pb.Chunk], pb.Chunk]
Hook = Callable[["Connection", pb.FederateRequest], Refusal | None]


class Misbehaviour:
    """What goes wrong, and when.

    cuts: for each connection of a participant in turn, the messages of both directions after which it breaks.
    refusals: for each of its connections in turn, how it ends at once. damage: changes the model's chunks, one by one.
    hooks: look at every request and may end its stream.
    """

    def __init__(self) -> None:
        self.cuts: dict[str, list[int]] = defaultdict(list)
        self.refusals: list[Refusal] = []
        self.damage: list[Damage | None] = []
        self.hooks: list[Hook] = []


class Connection:
    """One stream: what is to be sent waits in a queue, so that anyone may send or end it."""

    def __init__(self, server: "FakeServer", context: Any) -> None:
        self.server, self.federation, self._context = server, server.federation, context
        self.outbox: asyncio.Queue[pb.FederateResponse | Refusal | None] = asyncio.Queue()
        self.participant = ""
        self.upload: Any = None
        self._messages, self._cut = 0, 10**9

    def count(self) -> None:
        """Break the connection when its time has come."""
        self._messages += 1
        if self._messages > self._cut:
            raise ConnectionAbortedError

    def say(self, **message: Any) -> None:
        self.outbox.put_nowait(pb.FederateResponse(**message))

    async def run(self) -> None:
        reading = asyncio.create_task(self._read())
        try:
            while (item := await self.outbox.get()) is not None:
                if isinstance(item, Refusal):
                    await self.refuse(item)
                self.count()
                await self._context.write(item)
        except ConnectionAbortedError:
            await self.refuse(LOST)
        finally:
            reading.cancel()
            self.server.gone(self)

    async def refuse(self, refusal: Refusal) -> None:
        trailers = (("grpc-status-details-bin", status_bytes(refusal.reason)),) if refusal.reason else ()
        await self._context.abort(refusal.code, refusal.text, trailers)

    async def _read(self) -> None:
        try:
            while (request := await self._context.read()) is not grpc.aio.EOF:
                self.count()
                ends = next((end for hook in self.server.wrong.hooks if (end := hook(self, request))), None)
                if ends is not None:
                    self.outbox.put_nowait(ends)
                    return
                self._take(request)
        except ConnectionAbortedError:
            self.outbox.put_nowait(LOST)
        except grpc.aio.AbortError:
            return
        except InvalidSignature:
            self.outbox.put_nowait(Refusal(grpc.StatusCode.PERMISSION_DENIED, "SIGNATURE_INVALID"))
        except Exception as error:  # noqa: BLE001  # a fault of the test or of the client: seen by both
            self.server.faults.append(error)
            self.outbox.put_nowait(Refusal(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", repr(error)))

    def _take(self, request: pb.FederateRequest) -> None:
        kind = request.WhichOneof("message")
        getattr(self, f"_on_{kind}")(getattr(request, kind or ""))

    def _on_join(self, join: pb.Join) -> None:
        self.participant, self._join = join.participant, join
        cuts = self.server.wrong.cuts[join.participant]
        self._cut = cuts.pop(0) if cuts else 10**9
        self.server.joins.append(join)
        if self.server.wrong.refusals:
            self.outbox.put_nowait(self.server.wrong.refusals.pop(0))
        elif join.participant not in self.federation.keys:
            self.outbox.put_nowait(Refusal(grpc.StatusCode.PERMISSION_DENIED, "NOT_ENROLLED"))
        else:
            self._nonce = secrets.token_bytes(32)
            self.say(challenge=pb.Challenge(nonce=self._nonce, federation_uid=self.federation.uid))

    def _on_proof(self, proof: pb.Proof) -> None:
        key = Ed25519PublicKey.from_public_bytes(self.federation.keys[self.participant])
        key.verify(proof.signature, join_message(self.federation.uid, self.participant, self._nonce))
        self.server.enter(self)
        welcome = pb.Welcome(session="s", model=self.federation.model, policy=self.federation.policy)
        if ack := self.federation.acks.get(self.participant):
            welcome.last_ack.CopyFrom(ack)
        self.say(welcome=welcome)
        self.begin_round()

    def begin_round(self) -> None:
        """Send the open round, and what the participant lacks of its model; or the end."""
        if self.federation.over:
            self.say(finished=self.federation.finished())
            self.outbox.put_nowait(None)
            return
        start = self.federation.open_round(self.participant)
        self.say(round_start=start)
        if start.selected:
            self.send_model(start.model)

    def send_model(self, ref: pb.ModelRef) -> None:
        payload = self.federation.models[ref.version]
        held = {each.model.version: each.held_bytes for each in self._join.held_models}
        offset = held.get(ref.version, 0)
        begin = pb.ModelBegin(model=ref, manifest=self.federation.manifest, total_bytes=len(payload), offset=offset)
        self.say(model_begin=begin)
        for chunk in chunks(lambda start, stop: payload[start:stop], len(payload), offset):
            damage = self.server.wrong.damage.pop(0) if self.server.wrong.damage else None
            self.federation.bytes_sent += len(chunk.data)
            self.say(chunk=damage(chunk) if damage else chunk)

    def _on_update_begin(self, begin: pb.UpdateBegin) -> None:
        answer = self.federation.announce(self.participant, begin)
        if isinstance(answer, pb.UpdateAck):
            self.say(update_ack=answer)
            return
        self.upload = self.federation.uploads[self.participant, begin.claim]
        self.say(resume=answer)
        self._complete()

    def _on_chunk(self, chunk: pb.Chunk) -> None:
        check_chunk(chunk, len(self.upload.received), self.upload.total)
        self.upload.received += chunk.data
        self._complete()

    def _complete(self) -> None:
        if len(self.upload.received) == self.upload.total:
            self.say(update_ack=self.federation.complete(self.participant, self.upload))
            if self.federation.round_complete:
                self.server.end_round()

    def _on_evaluation_report(self, report: pb.EvaluationReport) -> None:
        self.federation.reports[self.participant] = report
        if len(self.federation.reports) == len(self.federation.keys):
            self.server.next_round()

    def _on_heartbeat(self, _: pb.Heartbeat) -> None:
        self.federation.heartbeats += 1

    def _on_decline(self, decline: pb.Decline) -> None:
        self.federation.declined.append((self.participant, decline))

    def _on_leave(self, leave: pb.Leave) -> None:
        self.federation.left.append(self.participant)
        self.outbox.put_nowait(None)


class FakeServer(SERVICER):  # type: ignore[misc]  # what a test does not call stays unimplemented
    """All connections to one federation."""

    def __init__(self, federation: FakeFederation) -> None:
        self.federation = federation
        self.wrong = Misbehaviour()
        self.joins: list[pb.Join] = []
        self.faults: list[Exception] = []
        self.connections: dict[str, Connection] = {}
        self.loop: Any = None

    async def Federate(self, request_iterator: Any, context: Any) -> None:  # noqa: N802  # grpc's name
        await Connection(self, context).run()

    def enter(self, connection: Connection) -> None:
        if (before := self.connections.get(connection.participant)) is not None:
            before.outbox.put_nowait(SUPERSEDED)
        self.connections[connection.participant] = connection

    def gone(self, connection: Connection) -> None:
        if self.connections.get(connection.participant) is connection:
            del self.connections[connection.participant]

    def end_round(self) -> None:
        result = self.federation.end_round()
        for connection in self.connections.values():
            connection.say(round_result=result)
            if self.federation.evaluates:
                evaluate = pb.Evaluate(round=result.round, model=result.model, seconds_left=60)
                connection.say(evaluate=evaluate)
                connection.send_model(result.model)
        if not self.federation.evaluates:
            self.next_round()

    def next_round(self) -> None:
        for connection in self.connections.values():
            connection.begin_round()

    def call(self, function: Callable[[], object]) -> None:
        """Do something on the server's loop."""
        self.loop.call_soon_threadsafe(function)


@contextmanager
def served(*servicers: Callable[[Any], None], on_loop: Callable[[Any], None] | None = None) -> Iterator[str]:
    """A grpc.aio server on a thread of its own; gives its target."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def done(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    async def started() -> tuple[Any, int]:
        server = grpc.aio.server()
        for add in servicers:
            add(server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return server, port

    server, port = done(started())
    if on_loop is not None:
        on_loop(loop)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        done(server.stop(None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def coordinator(federation: FakeFederation) -> Iterator[tuple[str, FakeServer]]:
    """The fake server, running: its target and itself."""
    fake = FakeServer(federation)

    def keep(loop: Any) -> None:
        fake.loop = loop

    with served(lambda server: pb_grpc.add_FederationServiceServicer_to_server(fake, server), on_loop=keep) as target:
        yield target, fake
    assert not fake.faults, fake.faults
