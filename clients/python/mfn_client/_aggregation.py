"""Aggregation for those who run their own rounds: updates in, verdicts, the aggregate and its record out."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfn_client._decoding import decoded
from mfn_client._exceptions import FieldViolation, RpcError, StreamCorrupted, Unavailable, invalid
from mfn_client._federation_results import AggregateRecord, Verdict
from mfn_client._policies import AggregationPolicy, fill_aggregation
from mfn_client._resume import Backoff, is_busy
from mfn_client._spec import Faults
from mfn_grpc.arrays import ArrayError
from mfn_grpc.tensors import (
    ChunkError,
    Payload,
    check_chunk,
    chunks,
    decode,
    manifest_faults,
    manifest_of,
    payload_bytes,
)
from mfn_grpc.v1 import federation_pb2 as pb

AGGREGATE = "/mfn.v1.FederationService/Aggregate"
Updates = Mapping[str, Mapping[str, ArrayLike]]


@dataclass(frozen=True, eq=False)
class AggregateResult:
    """What became of the updates: `arrays` by name, a `Verdict` by client, and the record of it all."""

    arrays: Mapping[str, NDArray[Any]]
    verdicts: Mapping[str, Verdict]
    record: AggregateRecord


class AggregateStream:
    """One aggregation, without its I/O; a stream that breaks begins again, as the contract says.

    The tensors are those that most clients have; who differs is judged by the server like everybody else.

    Raises:
        InvalidArgument: an argument is of the wrong kind, or an update is none.
    """

    def __init__(
        self,
        updates: Updates,
        policy: AggregationPolicy,
        weights: Mapping[str, float] | None,
        round_number: int,
        element_type: str | None,
        backoff: Backoff,
    ) -> None:
        faults = Faults()
        self._backoff = backoff
        self._clients = {client: _payload(client, arrays, faults) for client, arrays in updates.items()}
        self._weights = dict(weights or {})
        for client in self._weights.keys() - updates.keys():
            faults.add(f"weights[{client!r}]", "is of a client that has no update")
        self._begin = pb.AggregateBegin()
        faults.assign(self._begin, "round", round_number, "begin.round")
        faults.choose(self._begin, "result_element_type", element_type, "begin.result_element_type")
        fill_aggregation(self._begin.aggregation, policy, "begin.aggregation", faults)
        if not updates:
            faults.add("updates", "is empty, must hold at least one client's arrays")
        faults.check()
        self._begin.manifest.CopyFrom(_usual(self._clients))
        self._reset()

    def _reset(self) -> None:
        self._verdicts: dict[str, Verdict] = {}
        self._result = pb.AggregateResultBegin()
        self._payload = bytearray()
        self._record: AggregateRecord | None = None

    def connect(self) -> tuple[Iterator[pb.AggregateRequest], float | None]:
        """The messages of the next stream."""
        self._reset()
        return self._requests(), None

    def _requests(self) -> Iterator[pb.AggregateRequest]:
        yield pb.AggregateRequest(begin=self._begin)
        for client, payload in self._clients.items():
            begin = pb.AggregateClientBegin(
                client_id=client, weight=self._weights.get(client), total_bytes=payload.size, sha256=payload.sha256()
            )
            if payload.manifest != self._begin.manifest:
                begin.manifest.CopyFrom(payload.manifest)
            yield pb.AggregateRequest(client_begin=begin)
            for chunk in chunks(payload.read, payload.size):
                yield pb.AggregateRequest(chunk=pb.AggregateChunk(client_id=client, chunk=chunk))
        yield pb.AggregateRequest(finish=pb.AggregateFinish(round=self._begin.round))

    def accept(self, response: pb.AggregateResponse) -> AggregateResult | None:
        """Take the next message; the last one gives the result.

        Raises:
            StreamCorrupted: the stream cannot be trusted.
        """
        match response.WhichOneof("message"):
            case "client_verdict":
                self._verdicts[response.client_verdict.participant] = decoded(Verdict, response.client_verdict)
            case "result_begin":
                if manifest_faults(response.result_begin.manifest):
                    raise StreamCorrupted("The aggregate's manifest is not valid")
                self._result = response.result_begin
            case "chunk":
                self._add(response.chunk)
            case "record":
                self._record = decoded(AggregateRecord, response.record)
                return self._finished(self._record)
        return None

    def _add(self, chunk: pb.Chunk) -> None:
        try:
            check_chunk(chunk, len(self._payload), self._result.total_bytes)
        except ChunkError as error:
            raise StreamCorrupted(f"A piece of the aggregate is not valid: {error}") from None
        self._payload += chunk.data

    def _finished(self, record: AggregateRecord) -> AggregateResult:
        if missing := self._clients.keys() - self._verdicts.keys():
            raise StreamCorrupted(f"No verdict came for {sorted(missing)}")
        manifest = self._result.manifest
        if not manifest.tensors or hashlib.sha256(self._payload).digest() != self._result.sha256:
            raise StreamCorrupted("The aggregate did not come, or has another digest than was announced")
        if payload_bytes(manifest) != len(self._payload):
            raise StreamCorrupted("The aggregate has another length than its manifest says")
        return AggregateResult(decode(manifest, self._payload), self._verdicts, record)

    def failed(self, error: RpcError) -> float:
        """Seconds to wait before it begins again; raises what the caller should see when it does not."""
        passes = isinstance(error, Unavailable) or is_busy(error) or error.reason in {"STREAM_IDLE", "STORAGE_FULL"}
        delay = self._backoff.delay(error.retry_after) if passes else None
        if delay is None:
            raise error
        return delay

    def ended(self) -> None:
        """Nothing more comes.

        Raises:
            StreamCorrupted: the record did not come.
        """
        if self._record is None:
            raise StreamCorrupted("The stream ended without the record of the aggregation")


def _payload(client: str, arrays: Mapping[str, ArrayLike], faults: Faults) -> Any:
    """One client's update as bytes; None after noting why there is none."""
    named = {name: np.asarray(values) for name, values in arrays.items()}
    try:
        return Payload(manifest_of(named), named)
    except ArrayError as error:
        for fault in error.faults:
            faults.add(f"updates[{client!r}]", str(fault))
        return None


def _usual(clients: Mapping[str, Payload]) -> pb.TensorManifest:
    """The manifest of most clients; of several equally frequent ones, the first."""
    kinds = Counter(payload.manifest.SerializeToString(deterministic=True) for payload in clients.values())
    return pb.TensorManifest.FromString(kinds.most_common(1)[0][0])


def aggregation_policy(said: Mapping[str, Any]) -> AggregationPolicy:
    """The policy of keyword arguments; one that does not exist is InvalidArgument."""
    known = AggregationPolicy.__dataclass_fields__
    if unknown := said.keys() - known.keys():
        listed = ", ".join(known)
        raise invalid([FieldViolation(name, f"is unknown, must be one of {listed}") for name in sorted(unknown)])
    return AggregationPolicy(**said)
