"""A participant of a federation over grpc's synchronous interface, which gevent can run: join, then updates.

The client library's participant needs asyncio, which does not run beside gevent in one thread.
"""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.federations.signed import announced, proof
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
        self._said.put(pb.FederateRequest(proof=proof(challenge, self._name, self._key)))
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
        manifest = update.manifest.SerializeToString()
        beginning = announced(task, self._name, self._key, manifest, update.sha256())
        self._said.put(pb.FederateRequest(update_begin=beginning))
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
