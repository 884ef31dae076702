"""Federations in tests: a server that keeps them, requests, keys and small models."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import google_crc32c
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mfn_grpc.arrays import AnyArray
from mfn_grpc.tensors import CHUNK_BYTES, Payload, chunks, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.federation_pb2_grpc import FederationServiceStub
from tests.server.calling import rest_of
from tests.server.conftest import Running

NAME = "federations/digits"
ONE_ID, OTHER_ID = "6f0ce1f4-4f7e-4c0e-8c1e-1f6f3f9d8b11", "6f0ce1f4-4f7e-4c0e-8c1e-1f6f3f9d8b12"
NOWHERE = pb.ModelRef(federation_uid="nowhere", sha256=bytes(32))


def stub(server: Running) -> Any:
    """Stub of the federation service."""
    return FederationServiceStub(server.channel)


def new_key() -> bytes:
    """A public key."""
    return Ed25519PrivateKey.generate().public_key().public_bytes_raw()


async def created(server: Running, federation_id: str = "digits", **fields: Any) -> pb.Federation:
    """A new federation."""
    request = pb.CreateFederationRequest(federation_id=federation_id, **fields)
    answer = await stub(server).CreateFederation(request)
    federation: pb.Federation = answer.federation
    return federation


async def enrolled(server: Running, participant_id: str, key: bytes | None = None, **fields: Any) -> pb.Participant:
    """A new participant of the federation NAME."""
    request = pb.EnrolParticipantRequest(
        parent=NAME, participant_id=participant_id, public_key=key or new_key(), **fields
    )
    answer = await stub(server).EnrolParticipant(request)
    participant: pb.Participant = answer.participant
    return participant


def small_model(seed: int = 0, elements: int = 300_000) -> dict[str, AnyArray]:
    """Two tensors, 2.4 MB by default: several chunks, the last one short."""
    rng = np.random.default_rng(seed)
    return {"weights": rng.standard_normal((2, elements // 2)), "bias": rng.standard_normal(7).astype(np.float32)}


class Sent:
    """A model as its uploader sees it."""

    def __init__(self, arrays: Mapping[str, AnyArray] | None = None) -> None:
        arrays = small_model() if arrays is None else arrays
        self.manifest = manifest_of(arrays)
        self.bytes = b"".join(Payload(self.manifest, arrays).pieces())
        self.sha256 = hashlib.sha256(self.bytes).digest()

    def begin(self, **fields: Any) -> pb.UploadModelRequest:
        """The first message of an upload."""
        given: dict[str, Any] = {
            "parent": NAME,
            "manifest": self.manifest,
            "total_bytes": len(self.bytes),
            "sha256": self.sha256,
        }
        return pb.UploadModelRequest(begin=pb.UploadModelBegin(**(given | fields)))

    def chunks(self, offset: int = 0, stop: int | None = None) -> Iterator[pb.UploadModelRequest]:
        """The others, from a byte on."""
        end = len(self.bytes) if stop is None else stop
        for chunk in chunks(lambda first, last: self.bytes[first:last], end, offset):
            yield pb.UploadModelRequest(chunk=chunk)

    def messages(self, offset: int = 0, stop: int | None = None, **fields: Any) -> Iterator[pb.UploadModelRequest]:
        """A whole stream."""
        yield self.begin(**fields)
        yield from self.chunks(offset, stop)

    @staticmethod
    def again(message: pb.UploadModelRequest, data: bytes) -> pb.UploadModelRequest:
        """The same chunk with other bytes, and the sum that goes with them."""
        chunk = pb.Chunk(offset=message.chunk.offset, data=data, crc32c=google_crc32c.value(data))
        return pb.UploadModelRequest(chunk=chunk)


async def uploaded(server: Running, sent: Sent, **fields: Any) -> pb.UploadModelResponse:
    """A whole model in one stream."""
    answer: pb.UploadModelResponse = await stub(server).UploadModel(sent.messages(**fields))
    return answer


async def downloaded(server: Running, ref: pb.ModelRef, offset: int = 0) -> tuple[pb.ModelBegin, bytes]:
    """How a download begins, and all its bytes."""
    call = stub(server).DownloadModel(pb.DownloadModelRequest(model=ref, offset=offset))
    first, *others = await rest_of(call)
    return first.begin, joined([message.chunk for message in others], offset)


def joined(chunks_: Sequence[pb.Chunk], offset: int) -> bytes:
    """The bytes of some chunks, which continue each other from a byte on."""
    for chunk in chunks_:
        assert chunk.offset == offset
        assert 1 <= len(chunk.data) <= CHUNK_BYTES
        assert chunk.crc32c == google_crc32c.value(chunk.data)
        offset += len(chunk.data)
    return b"".join(chunk.data for chunk in chunks_)
