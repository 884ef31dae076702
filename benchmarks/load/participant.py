"""A participant of a federation over grpc's synchronous interface, which gevent can run: join, then updates.

The client library's participant needs asyncio, which does not run beside gevent in one thread.
"""

import hashlib
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mfn_grpc.signing import join_message, update_message
from mfn_grpc.tensors import Payload, chunks, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.federation_pb2_grpc import FederationServiceStub

Metadata = tuple[tuple[str, str | bytes], ...]


class EarlyEnd(Exception):
    """The server ended the stream with OK before what was awaited came."""


class Participant:
    """One stream of Federate; entered with `attending`."""

    def __init__(self, name: str, key: Ed25519PrivateKey, said: "queue.SimpleQueue[Any]", heard: Iterator[Any]) -> None:
        self._name, self._key, self._said, self._heard = name, key, said, heard
        self.received_bytes = 0

    def join(self) -> None:
        """Prove who this is; returns with the server's welcome."""
        self._said.put(pb.FederateRequest(join=pb.Join(participant=self._name)))
        challenge = self._until("challenge")
        signed = self._key.sign(join_message(challenge.federation_uid, self._name, challenge.nonce))
        self._said.put(pb.FederateRequest(proof=pb.Proof(signature=signed)))
        self._until("welcome")

    def task(self) -> pb.RoundStart:
        """Wait for a round and its model, all of it."""
        start: pb.RoundStart = self._until("round_start")
        begin = self._until("model_begin")
        held = begin.offset
        while held < begin.total_bytes:
            held += len(self._until("chunk").data)
        return start

    def update(self, task: pb.RoundStart, update: Payload) -> None:
        """Announce an update of DELTA and send it; returns once it is acknowledged: durable."""
        self._said.put(pb.FederateRequest(update_begin=self._announced(task, update)))
        self._until("resume")
        for chunk in chunks(update.read, update.size):
            self._said.put(pb.FederateRequest(chunk=chunk))
        self._until("update_ack")

    def finish(self) -> None:
        """Wait until the federation is over and the server has ended the stream."""
        self._until("finished")
        self._said.put(None)
        for _ in self._heard:
            pass

    def _announced(self, task: pb.RoundStart, update: Payload) -> pb.UpdateBegin:
        manifest = update.manifest.SerializeToString()
        claim = pb.UpdateClaim(
            federation_uid=task.model.federation_uid,
            participant=self._name,
            round=task.round,
            model=task.model,
            kind=pb.UPDATE_KIND_DELTA,
            manifest_sha256=hashlib.sha256(manifest).digest(),
            payload_sha256=update.sha256(),
            num_examples=1,
        ).SerializeToString()
        return pb.UpdateBegin(claim=claim, signature=self._key.sign(update_message(claim)), manifest=manifest)

    def _until(self, kind: str) -> Any:
        for message in self._heard:
            self.received_bytes += message.ByteSize()
            if message.WhichOneof("message") == kind:
                return getattr(message, kind)
        raise EarlyEnd(f"the stream ended without {kind}")


@contextmanager
def attending(
    channel: grpc.Channel, name: str, key: Ed25519PrivateKey, metadata: Metadata, timeout: float
) -> Iterator[Participant]:
    """A participant with an open stream, gone when the context ends. name: federations/{f}/participants/{p}."""
    said: queue.SimpleQueue[Any] = queue.SimpleQueue()
    call = FederationServiceStub(channel).Federate(iter(said.get, None), metadata=metadata, timeout=timeout)
    try:
        yield Participant(name, key, said, iter(call))
    finally:
        said.put(None)  # whoever waits to send the next message must not wait for ever
        call.cancel()


def zeros(elements: int) -> tuple[dict[str, np.ndarray[Any, Any]], Payload]:
    """A model of float32 zeros, and an update that leaves it as it is."""
    arrays = {"w": np.zeros(elements, np.float32)}
    return arrays, Payload(manifest_of(arrays), arrays)
