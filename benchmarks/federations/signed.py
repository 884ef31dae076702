"""What a participant of a federation signs, for those that speak to the stream themselves."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mfn_grpc.signing import join_message, update_message
from mfn_grpc.v1 import federation_pb2 as pb


def proof(challenge: pb.Challenge, participant: str, key: Ed25519PrivateKey) -> pb.Proof:
    """The answer to a challenge: that the participant holds its key."""
    return pb.Proof(signature=key.sign(join_message(challenge.federation_uid, participant, challenge.nonce)))


def announced(
    task: pb.RoundStart, participant: str, key: Ed25519PrivateKey, manifest: bytes, payload_sha256: bytes
) -> pb.UpdateBegin:
    """The beginning of an update of DELTA from one example."""
    claim = pb.UpdateClaim(
        federation_uid=task.model.federation_uid,
        participant=participant,
        round=task.round,
        model=task.model,
        kind=pb.UPDATE_KIND_DELTA,
        manifest_sha256=hashlib.sha256(manifest).digest(),
        payload_sha256=payload_sha256,
        num_examples=1,
    ).SerializeToString()
    return pb.UpdateBegin(claim=claim, signature=key.sign(update_message(claim)), manifest=manifest)
