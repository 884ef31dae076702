"""Who a participant is, and what it can do: the first three messages of a stream."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mfn_grpc.core.limits import Violation, refuse
from mfn_grpc.signing import NONCE_BYTES, join_message
from mfn_grpc.tensors import payload_bytes
from mfn_grpc.tensors.faults import type_names
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.federation.machine.records import Model
from mfn_server.federation.stream.claims import Signatory, digest_violations, verify

MOST_HELD_MODELS = 16
MOST_CLIENT_CHARACTERS = 200


@dataclass(frozen=True)
class Terms:
    """What a federation asks of those who join. manifest: of its model, None before there is one."""

    federation_uid: str
    policy: pb.FederationPolicy
    manifest: pb.TensorManifest | None


def require_enrolled(enrolled: pb.Participant | None, name: str) -> pb.Participant:
    """The participant of this name."""
    if enrolled is None:
        text = f"no participant {name} is enrolled in its federation; enrol its public key first"
        raise Fault(reasons.ERROR_REASON_NOT_ENROLLED, text)
    return enrolled


def check_join(join: pb.Join, terms: Terms) -> None:
    """Refuse a Join whose fields are out of their ranges, or one who cannot send what the policy wants."""
    refuse(_join_violations(join, terms))


def new_challenge(federation_uid: str) -> pb.Challenge:
    """A challenge for one stream."""
    return pb.Challenge(nonce=secrets.token_bytes(NONCE_BYTES), federation_uid=federation_uid)


def prove(challenge: pb.Challenge, proof: pb.Proof, enrolled: pb.Participant) -> Signatory:
    """Whose claims the session takes, once its proof holds."""
    key = Ed25519PublicKey.from_public_bytes(enrolled.public_key)
    message = join_message(challenge.federation_uid, enrolled.name, challenge.nonce)
    verify(key, proof.signature, message, "proof.signature")
    return Signatory(challenge.federation_uid, enrolled.name, key)


def held_bytes(join: pb.Join, federation_uid: str) -> dict[Model, int]:
    """How many of their first bytes a participant holds of this federation's models."""
    own = (held for held in join.held_models if held.model.federation_uid == federation_uid)
    return {Model(held.model.version, held.model.sha256): held.held_bytes for held in own}


def _join_violations(join: pb.Join, terms: Terms) -> Iterator[Violation]:
    able = join.capabilities
    if (count := len(able.client)) > MOST_CLIENT_CHARACTERS:
        text = f"has {count} characters, must have at most {MOST_CLIENT_CHARACTERS}"
        yield Violation("join.capabilities.client", str(count), text)
    yield from _type_violations(able, terms)
    if (count := len(join.held_models)) > MOST_HELD_MODELS:
        yield Violation("join.held_models", str(count), f"has {count} entries, must have at most {MOST_HELD_MODELS}")
        return
    for index, held in enumerate(join.held_models):
        yield from _held_violations(held, f"join.held_models[{index}]", terms)


def _type_violations(able: pb.Capabilities, terms: Terms) -> Iterator[Violation]:
    own = set() if terms.manifest is None else {tensor.element_type for tensor in terms.manifest.tensors}
    wanted = {terms.policy.update_element_type} if terms.policy.update_element_type else own
    offered = set(able.element_types) or own
    if offered and (missing := sorted(wanted - offered)):
        text = f"lacks {type_names(missing)}, which the federation's updates are sent in"
        yield Violation("join.capabilities.element_types", type_names(able.element_types), text)


def _held_violations(held: pb.HeldModel, field: str, terms: Terms) -> Iterator[Violation]:
    if held.model.version < 0:
        yield Violation(f"{field}.model.version", str(held.model.version), "is below 0, must be 0 or more")
    yield from digest_violations(held.model.sha256, f"{field}.model.sha256")
    if held.model.federation_uid != terms.federation_uid or terms.manifest is None:
        return
    if held.held_bytes > (total := payload_bytes(terms.manifest)):
        text = f"is {held.held_bytes}, must be at most {total}, the model's length"
        yield Violation(f"{field}.held_bytes", str(held.held_bytes), text)
