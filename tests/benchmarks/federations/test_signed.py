"""What participants of benchmarks sign, checked with the public key alone."""

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.federations.signed import announced, proof
from mfn_grpc.signing import join_message, update_message
from mfn_grpc.v1 import federation_pb2 as pb

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAME = "federations/f/participants/p"


def test_a_proof_is_of_this_participant_and_this_challenge() -> None:
    challenge = pb.Challenge(federation_uid="uid", nonce=b"n" * 32)
    signature = proof(challenge, NAME, KEY).signature
    KEY.public_key().verify(signature, join_message(challenge.federation_uid, NAME, challenge.nonce))
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(signature, join_message(challenge.federation_uid, NAME, b"m" * 32))


def test_a_beginning_claims_the_round_and_what_will_be_sent() -> None:
    task = pb.RoundStart(round=3, model=pb.ModelRef(federation_uid="uid", version=2))
    digest = hashlib.sha256(b"payload").digest()
    begin = announced(task, NAME, KEY, b"manifest", digest)
    KEY.public_key().verify(begin.signature, update_message(begin.claim))
    claim = pb.UpdateClaim.FromString(begin.claim)
    assert (claim.participant, claim.round, claim.model) == (NAME, 3, task.model)
    assert (claim.kind, claim.num_examples) == (pb.UPDATE_KIND_DELTA, 1)
    assert claim.federation_uid == task.model.federation_uid
    assert begin.manifest == b"manifest"
    assert claim.manifest_sha256 == hashlib.sha256(begin.manifest).digest()
    assert claim.payload_sha256 == digest
