"""A participant and an operator who speak to a server through generated stubs alone, one message at a time."""

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import google_crc32c
import grpc
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.federation_pb2_grpc import FederationServiceStub
from mfn_grpc.v1.types_pb2 import ElementType

PATIENCE_S = 30.0
"""After this long an answer that should have come counts as missing; far beyond what any takes."""
FLOAT32 = ElementType.ELEMENT_TYPE_FLOAT32
CHUNK = 256 * 1024


def manifest_of(shapes: Mapping[str, tuple[int, ...]], element_type: int = FLOAT32, size: int = 4) -> pb.TensorManifest:
    """The manifest of tensors of one type with these shapes."""
    manifest, offset = pb.TensorManifest(), 0
    for name, shape in shapes.items():
        length = size * int(np.prod(shape, dtype=int))
        tensor = manifest.tensors.add(name=name, shape=shape, offset=offset, size_bytes=length)
        tensor.element_type, tensor.encoding = ElementType.Name(element_type), pb.TENSOR_ENCODING_RAW  # type: ignore[assignment]  # names are taken as well
        offset += length
    return manifest


def chunks_of(payload: bytes, offset: int = 0, size: int = CHUNK) -> list[pb.Chunk]:
    """A payload from an offset on, cut into chunks."""
    pieces = [(start, payload[start : start + size]) for start in range(offset, len(payload), size)]
    return [pb.Chunk(offset=start, data=data, crc32c=google_crc32c.value(data)) for start, data in pieces]


@dataclass
class Update:
    """What a participant announces and sends; every field of the claim can be overwritten."""

    payload: bytes
    manifest: bytes
    claim: pb.UpdateClaim


class Operator:
    """Creates federations of float32 models and enrols participants, who get their streams from here."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.stub: Any = FederationServiceStub(channel)

    async def federation(
        self, federation_id: str, model: np.ndarray[Any, Any], policy: pb.FederationPolicy | None = None
    ) -> "Federation":
        """A federation with this policy and a model of one float32 tensor "w"."""
        federation = await self.create(federation_id, manifest_of({"w": model.shape}), policy)
        await federation.upload(model.astype("<f4").tobytes())
        return federation

    async def create(
        self, federation_id: str, manifest: pb.TensorManifest, policy: pb.FederationPolicy | None = None
    ) -> "Federation":
        """A federation that waits for a model with this manifest."""
        request = pb.CreateFederationRequest(federation_id=federation_id, policy=policy)
        created = (await self.stub.CreateFederation(request)).federation
        return Federation(self.stub, federation_id, created.uid, manifest)

    async def gathering(
        self, federation_id: str, model: np.ndarray[Any, Any], policy: pb.FederationPolicy, count: int, **able: Any
    ) -> "tuple[Federation, list[Participant]]":
        """The same with participants p0, p1 ... who all have joined before its first round starts."""
        federation = await self.create(federation_id, manifest_of({"w": model.shape}), policy)
        participants = [await federation.enrol(f"p{n}") for n in range(count)]
        for participant in participants:
            await participant.join(**able)
        await federation.upload(model.astype("<f4").tobytes())
        return federation, participants


@dataclass
class Federation:
    """A federation as its operator and its participants know it."""

    stub: Any
    federation_id: str
    uid: str
    manifest: pb.TensorManifest

    @property
    def name(self) -> str:
        return f"federations/{self.federation_id}"

    async def upload(self, payload: bytes) -> pb.ModelRef:
        """Upload the first model."""
        begin = pb.UploadModelBegin(
            parent=self.name,
            manifest=self.manifest,
            total_bytes=len(payload),
            sha256=hashlib.sha256(payload).digest(),
        )
        requests = [pb.UploadModelRequest(begin=begin)]
        requests += [pb.UploadModelRequest(chunk=chunk) for chunk in chunks_of(payload)]
        model: pb.ModelRef = (await self.stub.UploadModel(iter(requests))).model
        return model

    async def enrol(self, participant_id: str) -> "Participant":
        """A participant with a key of its own."""
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()
        request = pb.EnrolParticipantRequest(parent=self.name, participant_id=participant_id, public_key=public)
        await self.stub.EnrolParticipant(request)
        return Participant(self, participant_id, key)

    async def get(self) -> pb.Federation:
        """As the server tells it."""
        found: pb.Federation = (await self.stub.GetFederation(pb.GetFederationRequest(name=self.name))).federation
        return found

    async def download(self, model: pb.ModelRef) -> bytes:
        """The bytes of a model."""
        call = self.stub.DownloadModel(pb.DownloadModelRequest(model=model))
        return b"".join([answer.chunk.data async for answer in call])

    async def rounds(self) -> list[pb.Round]:
        """All rounds, newest first."""
        return list((await self.stub.ListRounds(pb.ListRoundsRequest(parent=self.name))).rounds)

    async def verdicts(self, round_number: int) -> dict[str, pb.Verdict]:
        """Those of a round, by the participant's id."""
        request = pb.ListVerdictsRequest(parent=self.name, round=round_number)
        verdicts = (await self.stub.ListVerdicts(request)).verdicts
        return {verdict.participant.rsplit("/", 1)[1]: verdict for verdict in verdicts}


@dataclass
class Participant:
    """One enrolled participant; `call` is its open stream."""

    federation: Federation
    participant_id: str
    key: Ed25519PrivateKey
    call: Any = None
    seen: list[pb.FederateResponse] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.federation.name}/participants/{self.participant_id}"

    def open(self) -> None:
        """A new stream, without a word."""
        self.call = self.federation.stub.Federate()

    async def join(self, *, held: list[pb.HeldModel] | None = None, **able: Any) -> pb.Welcome:
        """Open a stream and prove who this is; able: what it can do."""
        self.open()
        capabilities = pb.Capabilities(**able)
        await self.send(join=pb.Join(participant=self.name, capabilities=capabilities, held_models=held))
        challenge = await self.until("challenge")
        await self.send(proof=pb.Proof(signature=self.key.sign(self.proof_of(challenge))))
        welcome: pb.Welcome = await self.until("welcome")
        return welcome

    def proof_of(self, challenge: pb.Challenge) -> bytes:
        """The bytes that answer a challenge."""
        texts = (b"mfn.v1.join", challenge.federation_uid.encode(), self.name.encode(), challenge.nonce)
        return b"\0".join(texts)

    async def send(self, **message: Any) -> None:
        """Send one message; on a stream that the server has ended it goes nowhere, and `read` tells why."""
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await self.call.write(pb.FederateRequest(**message))

    async def read(self) -> pb.FederateResponse | None:
        """The next message; None at the end of the stream, RpcError when it failed."""
        async with asyncio.timeout(PATIENCE_S):
            message = await self.call.read()
        if message is grpc.aio.EOF:
            return None
        self.seen.append(message)
        found: pb.FederateResponse = message
        return found

    async def until(self, kind: str) -> Any:
        """The next message of a kind; those before it are passed over."""
        while (message := await self.read()) is not None:
            if message.WhichOneof("message") == kind:
                return getattr(message, kind)
        raise AssertionError(f"the stream ended without {kind}")

    async def model(self) -> bytes:
        """The bytes that a ModelBegin announces."""
        begin = await self.until("model_begin")
        end, pieces = begin.offset, list[bytes]()
        while end < begin.total_bytes:
            chunk = await self.until("chunk")
            assert chunk.offset == end
            assert chunk.crc32c == google_crc32c.value(chunk.data)
            pieces.append(chunk.data)
            end += len(chunk.data)
        return b"".join(pieces)

    async def task(self) -> tuple[pb.RoundStart, np.ndarray[Any, Any]]:
        """The next round and its model; waits for one that this participant is selected for."""
        while not (start := await self.until("round_start")).selected:
            pass
        return start, np.frombuffer(await self.model(), "<f4")

    def update(
        self,
        start: pb.RoundStart,
        delta: Any,
        *,
        examples: int = 1,
        manifest: pb.TensorManifest | None = None,
        **claim: Any,
    ) -> Update:
        """An update of the round's model, as numbers or as bytes; keywords overwrite fields of the claim."""
        payload = delta if isinstance(delta, bytes) else np.asarray(delta, "<f4").tobytes()
        described = (manifest or self.federation.manifest).SerializeToString()
        fields: dict[str, Any] = {
            "federation_uid": self.federation.uid,
            "participant": self.name,
            "round": start.round,
            "model": start.model,
            "kind": pb.UPDATE_KIND_DELTA,
            "manifest_sha256": hashlib.sha256(described).digest(),
            "payload_sha256": hashlib.sha256(payload).digest(),
            "num_examples": examples,
        }
        return Update(payload, described, pb.UpdateClaim(**(fields | claim)))

    async def announce(self, update: Update) -> None:
        """Send UpdateBegin, signed."""
        claim = update.claim.SerializeToString()
        signature = self.key.sign(b"mfn.v1.update\0" + claim)
        await self.send(update_begin=pb.UpdateBegin(claim=claim, signature=signature, manifest=update.manifest))

    async def upload(self, update: Update, *, size: int = CHUNK) -> pb.UpdateAck:
        """Announce an update and send what is asked for."""
        await self.announce(update)
        while (message := await self.read()) is not None:
            if message.WhichOneof("message") == "update_ack":
                return message.update_ack
            if message.WhichOneof("message") == "resume":
                for chunk in chunks_of(update.payload, message.resume.offset, size):
                    await self.send(chunk=chunk)
        raise AssertionError("the stream ended without an acknowledgement")

    async def train(self, delta: Any, **claim: Any) -> pb.UpdateAck:
        """Wait for the next task and answer it with this update."""
        start, _ = await self.task()
        return await self.upload(self.update(start, delta, **claim))

    async def leave(self) -> None:
        """End the session; waits until the server has ended the stream."""
        await self.send(leave=pb.Leave())
        await self.rest()

    async def rest(self) -> None:
        """Read on until the stream ends; RpcError when it fails."""
        while await self.read() is not None:
            pass
