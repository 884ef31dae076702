"""A small honest federation in memory: rounds, uploads that resume, acknowledgements; the mean is the aggregate."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mfn_grpc.signing import update_message
from mfn_grpc.tensors import decode, encode, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb

NAME, UID = "federations/digits", "uid-1"
Arrays = Mapping[str, Any]


class Upload:
    """The bytes of one claim, as far as they came."""

    def __init__(self, begin: pb.UpdateBegin) -> None:
        self.begin = begin
        self.claim = pb.UpdateClaim.FromString(begin.claim)
        self.manifest = pb.TensorManifest.FromString(begin.manifest)
        self.total = self.manifest.tensors[-1].offset + self.manifest.tensors[-1].size_bytes
        self.received = bytearray()


class FakeFederation:
    """What every connection shares.

    keys: public key by participant id; a round waits for an update of each. events: what the server knows happened.
    """

    def __init__(self, model: Arrays, keys: Mapping[str, bytes], rounds: int = 1, **policy: Any) -> None:
        self.uid = UID
        self.keys = {f"{NAME}/participants/{name}": key for name, key in keys.items()}
        kind = policy.pop("update_kind", pb.UPDATE_KIND_DELTA)
        policy.setdefault("heartbeat_seconds", 30)
        self.policy = pb.FederationPolicy(update_kind=kind, max_rounds=rounds, **policy)
        self.manifest = manifest_of(dict(model))
        self.rounds, self.round, self.over = rounds, 1, False
        self.models: dict[int, bytes] = {}
        self.publish(dict(model))
        self.updates: dict[tuple[str, int], bytes] = {}
        self.claims: list[tuple[str, int, bytes]] = []
        self.acks: dict[str, pb.UpdateAck] = {}
        self.uploads: dict[tuple[str, bytes], Upload] = {}
        self.reports: dict[str, pb.EvaluationReport] = {}
        self.declined: list[tuple[str, pb.Decline]] = []
        self.left: list[str] = []
        self.heartbeats = 0
        self.evaluates = False
        self.bytes_sent = 0

    def publish(self, arrays: Arrays) -> None:
        self.models[len(self.models)] = b"".join(encode(arrays, self.manifest))

    @property
    def model(self) -> pb.ModelRef:
        return self.reference(len(self.models) - 1)

    def reference(self, version: int) -> pb.ModelRef:
        digest = hashlib.sha256(self.models[version]).digest()
        return pb.ModelRef(federation_uid=self.uid, version=version, sha256=digest)

    def arrays(self, version: int = -1) -> dict[str, Any]:
        return decode(self.manifest, self.models[sorted(self.models)[version]])

    def open_round(self, participant: str) -> pb.RoundStart:
        selected = (participant, self.round) not in self.updates
        return pb.RoundStart(round=self.round, model=self.model, config=self.policy.config, selected=selected)

    def announce(self, participant: str, begin: pb.UpdateBegin) -> pb.Resume | pb.UpdateAck:
        """What the server answers to an announcement; what was signed must hold."""
        key = Ed25519PublicKey.from_public_bytes(self.keys[participant])
        key.verify(begin.signature, update_message(begin.claim))
        claim = pb.UpdateClaim.FromString(begin.claim)
        assert (claim.federation_uid, claim.participant) == (self.uid, participant)
        assert hashlib.sha256(begin.manifest).digest() == claim.manifest_sha256
        self.claims.append((participant, claim.round, begin.claim))
        if (found := self.updates.get((participant, claim.round))) is not None:
            digest = hashlib.sha256(found).digest()
            return pb.UpdateAck(round=claim.round, payload_sha256=digest, status=pb.UPDATE_ACK_STATUS_DUPLICATE)
        if claim.round < self.round:
            return pb.UpdateAck(
                round=claim.round, payload_sha256=claim.payload_sha256, status=pb.UPDATE_ACK_STATUS_LATE
            )
        upload = self.uploads.setdefault((participant, begin.claim), Upload(begin))
        return pb.Resume(round=claim.round, offset=len(upload.received))

    def complete(self, participant: str, upload: Upload) -> pb.UpdateAck:
        """Make an update durable and count it."""
        payload, claim = bytes(upload.received), upload.claim
        assert hashlib.sha256(payload).digest() == claim.payload_sha256
        assert (participant, claim.round) not in self.updates, "counted twice"
        self.updates[participant, claim.round] = payload
        ack = pb.UpdateAck(round=claim.round, payload_sha256=claim.payload_sha256, status=pb.UPDATE_ACK_STATUS_COUNTED)
        self.acks[participant] = ack
        return ack

    @property
    def round_complete(self) -> bool:
        return all((participant, self.round) in self.updates for participant in self.keys)

    def end_round(self) -> pb.RoundResult:
        """Move the model by the mean of the updates, and open the next round."""
        before, found = self.arrays(), list[Any]()
        for (participant, number), payload in sorted(self.updates.items()):
            if number == self.round:
                upload = next(
                    u for (who, _), u in self.uploads.items() if who == participant and u.claim.round == number
                )
                found.append(decode(upload.manifest, payload))
        mean = {name: np.mean([each[name] for each in found], axis=0) for name in before}
        if self.policy.update_kind == pb.UPDATE_KIND_DELTA:
            mean = {name: before[name] + mean[name] for name in before}
        self.publish({name: mean[name].astype(before[name].dtype) for name in before})
        result = pb.RoundResult(round=self.round, state=pb.ROUND_STATE_DONE, model=self.model)
        self.over = self.round == self.rounds
        self.round += not self.over
        return result

    def finished(self) -> pb.Finished:
        return pb.Finished(why=pb.FINISH_REASON_MAX_ROUNDS, model=self.model, best_model=self.reference(0))
