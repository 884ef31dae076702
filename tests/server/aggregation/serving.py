"""A server of Aggregate alone, a caller of it, and the messages of rounds."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import google_crc32c
import grpc
import numpy as np
from prometheus_client import CollectorRegistry

from mfn_grpc.core.arrays import Array
from mfn_grpc.tensors import decode, encode, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from mfn_server.admission import Admission
from mfn_server.aggregation.aggregate import AggregateRounds
from mfn_server.aggregation.spool import Spool
from mfn_server.app import CHANNEL_OPTIONS
from mfn_server.compute import Compute
from mfn_server.federation.disk import Disk
from mfn_server.interceptors.request_id import RequestIds
from mfn_server.kernels import Kernels
from mfn_server.rpc.answering import Silence
from mfn_server.rpc.binding import bind
from mfn_server.rpc.chain import Interceptors
from mfn_server.runtime import Pace, Runtime
from mfn_server.simulation.tokens import Tokens
from mfn_server.telemetry.metrics.metrics import Metrics
from mfn_server.uploads import ArrayStore

FEDERATION = pb.DESCRIPTOR.services_by_name["FederationService"]
PATH = f"/{FEDERATION.full_name}/Aggregate"
MIB = 2**20


@dataclass
class Serving:
    """A running server. spool: what it stores open rounds in, below `directory`."""

    runtime: Runtime
    spool: Spool
    directory: Path
    channel: grpc.aio.Channel

    def open(self, **options: Any) -> Any:
        """A new stream."""
        method: Any = self.channel.stream_stream(
            PATH,
            request_serializer=pb.AggregateRequest.SerializeToString,
            response_deserializer=pb.AggregateResponse.FromString,
        )
        return method(timeout=60, **options)


@asynccontextmanager
async def serving(directory: Path, *, stream_bytes: int = 512 * MIB, **settings: Any) -> AsyncIterator[Serving]:
    """A server on this loop. settings: server_bytes, idle_s, max_streams, max_bytes."""
    compute, disk = Compute(2), Disk()
    runtime = _runtime(directory, compute, settings.get("max_streams", 8), settings.get("max_bytes", 2**32))
    spool = Spool(
        directory / "aggregate", stream_bytes=stream_bytes, server_bytes=settings.get("server_bytes", 1024 * MIB)
    )
    rounds = AggregateRounds(runtime, spool, disk, idle_s=settings.get("idle_s", 60.0))
    server = grpc.aio.server(options=CHANNEL_OPTIONS)
    server.add_generic_rpc_handlers(
        (bind(FEDERATION, rounds, Silence(60, 60), Interceptors(observers=[RequestIds()])),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Serving(runtime, spool, directory / "aggregate", channel)
    await server.stop(0)
    await asyncio.to_thread(disk.close)
    await asyncio.to_thread(compute.close)


def _runtime(directory: Path, compute: Compute, max_streams: int, max_bytes: int) -> Runtime:
    return Runtime(
        compute=compute,
        admission=Admission(max_running=4, max_queued=4, max_bytes=max_bytes, max_streams=max_streams),
        tokens=Tokens(bytes(32)),
        checkpoints=None,
        arrays=ArrayStore(directory / "arrays", quota_bytes=MIB, total_bytes=MIB, ttl_s=60),
        kernels=Kernels(),
        draining=asyncio.Event(),
        pace=Pace(slice_s=0.04, checkpoint_s=5, upload_idle_s=30),
        metrics=Metrics(CollectorRegistry()),
    )


@dataclass(frozen=True)
class Client:
    """One client's part in a round: what it sends, and what is said about it."""

    name: str
    payload: bytes
    weight: float | None = None
    total_bytes: int | None = None
    sha256: bytes | None = None
    manifest: pb.TensorManifest | None = None
    pieces: int = 64 * 1024

    def begin(self) -> pb.AggregateRequest:
        """Its announcement."""
        announced = pb.AggregateClientBegin(
            client_id=self.name,
            weight=self.weight,
            total_bytes=len(self.payload) if self.total_bytes is None else self.total_bytes,
            sha256=hashlib.sha256(self.payload).digest() if self.sha256 is None else self.sha256,
            manifest=self.manifest,
        )
        return pb.AggregateRequest(client_begin=announced)

    def chunks(self) -> Iterator[pb.AggregateRequest]:
        """Its bytes."""
        for start in range(0, len(self.payload), self.pieces):
            yield chunk(self.name, start, self.payload[start : start + self.pieces])


def chunk(name: str, offset: int, data: bytes, damage: int = 0) -> pb.AggregateRequest:
    """One piece of a client's bytes; with `damage` its checksum is wrong."""
    piece = pb.Chunk(offset=offset, data=data, crc32c=google_crc32c.value(data) ^ damage)
    return pb.AggregateRequest(chunk=pb.AggregateChunk(client_id=name, chunk=piece))


def begin(
    manifest: pb.TensorManifest, policy: pb.AggregationPolicy | None = None, number: int = 0, **options: Any
) -> pb.AggregateRequest:
    """Opens a round."""
    opened = pb.AggregateBegin(round=number, aggregation=policy, manifest=manifest, **options)
    return pb.AggregateRequest(begin=opened)


def finish(number: int = 0) -> pb.AggregateRequest:
    """Ends a round's input."""
    return pb.AggregateRequest(finish=pb.AggregateFinish(round=number))


def clients_of(x: Array, element_type: ElementType | None = None) -> tuple[pb.TensorManifest, list[Client]]:
    """One client for every row of x [n, d], named c00, c01 ... in that order, and their manifest."""
    manifest = manifest_of({"x": x[0]}, element_type)
    return manifest, [Client(f"c{k:02}", b"".join(encode({"x": row}, manifest))) for k, row in enumerate(x)]


def one_after_another(clients: Iterable[Client]) -> Iterator[pb.AggregateRequest]:
    """Every client's announcement and bytes, client after client."""
    for client in clients:
        yield client.begin()
        yield from client.chunks()


def interleaved(clients: Sequence[Client]) -> Iterator[pb.AggregateRequest]:
    """All announcements, then a chunk of each client in turn."""
    yield from (client.begin() for client in clients)
    running = [client.chunks() for client in clients]
    while running:
        for each in list(running):
            if (piece := next(each, None)) is None:
                running.remove(each)
            else:
                yield piece


@dataclass
class Outcome:
    """The answers to one round."""

    verdicts: dict[str, pb.Verdict] = field(default_factory=dict)
    result_begin: pb.AggregateResultBegin = field(default_factory=pb.AggregateResultBegin)
    payload: bytes = b""
    record: pb.AggregateRecord = field(default_factory=pb.AggregateRecord)

    @property
    def arrays(self) -> Mapping[str, Array]:
        """The aggregate."""
        return decode(self.result_begin.manifest, self.payload)

    @property
    def vector(self) -> Array:
        """The aggregate of a model of one tensor x."""
        return np.asarray(self.arrays["x"], np.float64)

    def kinds(self) -> dict[str, str]:
        """What became of each client, by name."""
        return {name: pb.VerdictKind.Name(each.kind)[len("VERDICT_KIND_") :] for name, each in self.verdicts.items()}

    def reason(self, name: str) -> str:
        """Why a client was not accepted."""
        return pb.VerdictReason.Name(self.verdicts[name].reason).removeprefix("VERDICT_REASON_")

    def take(self, response: pb.AggregateResponse) -> bool:
        """Take in one answer, each where it may stand; whether the round is over."""
        match response.WhichOneof("message"):
            case "client_verdict":
                assert not self.result_begin.total_bytes
                assert response.client_verdict.participant not in self.verdicts
                self.verdicts[response.client_verdict.participant] = response.client_verdict
            case "result_begin":
                self.result_begin = response.result_begin
            case "chunk":
                assert response.chunk.offset == len(self.payload)
                assert response.chunk.crc32c == google_crc32c.value(response.chunk.data)
                self.payload += response.chunk.data
            case "record":
                self.record = response.record
                assert len(self.payload) == self.result_begin.total_bytes
                assert hashlib.sha256(self.payload).digest() == self.result_begin.sha256
                return True
        return False


async def outcome_of(call: Any) -> Outcome:
    """The answers to the round that ends next."""
    outcome = Outcome()
    while not outcome.take(await call.read()):
        pass
    return outcome


async def send(call: Any, messages: Iterable[pb.AggregateRequest]) -> None:
    """Write messages to an open stream."""
    for message in messages:
        await call.write(message)


async def run_round(server: Serving, messages: Iterable[pb.AggregateRequest]) -> Outcome:
    """One round on a stream of its own, which then ends well."""
    call = server.open()
    sending = asyncio.create_task(send(call, messages))
    outcome = await outcome_of(call)
    await sending
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    return outcome
