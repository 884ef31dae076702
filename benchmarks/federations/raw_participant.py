"""A participant whose update is encoded before its upload is timed, so that the server's part is what is measured."""

import time
from typing import Any

import google_crc32c
import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.federations.signed import announced, proof
from mfn_grpc.v1 import federation_pb2 as pb

FEDERATE = "/mfn.v1.FederationService/Federate"
CHUNK_BYTES = 256 * 1024


def chunk_messages(payload: bytes) -> list[bytes]:
    """The serialised messages that carry a payload."""
    return [
        pb.FederateRequest(
            chunk=pb.Chunk(offset=start, data=data, crc32c=google_crc32c.value(data))
        ).SerializeToString()
        for start in range(0, len(payload), CHUNK_BYTES)
        for data in (payload[start : start + CHUNK_BYTES],)
    ]


class RawParticipant:
    """One stream; messages go out as bytes."""

    def __init__(self, channel: grpc.aio.Channel, name: str, key: Ed25519PrivateKey) -> None:
        self._name, self._key = name, key
        method: Any = channel.stream_stream(FEDERATE, response_deserializer=pb.FederateResponse.FromString)
        self._call = method()

    async def join(self) -> None:
        """Prove who this is."""
        await self._say(pb.FederateRequest(join=pb.Join(participant=self._name)))
        challenge = await self._until("challenge")
        await self._say(pb.FederateRequest(proof=proof(challenge, self._name, self._key)))
        await self._until("welcome")

    async def upload(self, manifest: bytes, digest: bytes, chunks: list[bytes]) -> float:
        """Wait for a round, send an update of DELTA; seconds from its announcement to its acknowledgement."""
        task = await self._until("round_start")
        begin = await self._until("model_begin")
        held = begin.offset
        while held < begin.total_bytes:
            held += len((await self._until("chunk")).data)
        beginning = pb.FederateRequest(update_begin=announced(task, self._name, self._key, manifest, digest))
        began = time.perf_counter()
        await self._say(beginning)
        await self._until("resume")
        for chunk in chunks:
            await self._call.write(chunk)
        await self._until("update_ack")
        return time.perf_counter() - began

    async def _say(self, message: pb.FederateRequest) -> None:
        await self._call.write(message.SerializeToString())

    async def _until(self, kind: str) -> Any:
        while (message := await self._call.read()) is not grpc.aio.EOF:
            if message.WhichOneof("message") == kind:
                return getattr(message, kind)
        raise RuntimeError(f"the stream ended without {kind}: {await self._call.details()}")
