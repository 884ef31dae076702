"""What a participant announces before an update's bytes: its signature first, then every field, then its tensors."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.message import DecodeError

from mfn_grpc.arrays import ArrayFault
from mfn_grpc.core.limits import InvalidInput, Violation, refuse
from mfn_grpc.signing import update_message
from mfn_grpc.tensors import MAX_MANIFEST_BYTES, UPDATE_TYPES, in_words, manifest_faults, mismatch, payload_bytes
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault

MAX_CLAIM_BYTES = 64 * 1024
DIGEST_BYTES = 32
MOST_METRICS = 100
MOST_METRIC_CHARACTERS = 64


@dataclass(frozen=True)
class Signatory:
    """Whose claims a session takes. name: federations/{f}/participants/{p}."""

    federation_uid: str
    name: str
    key: Ed25519PublicKey


def read_claim(begin: pb.UpdateBegin, signatory: Signatory, kind: pb.UpdateKind) -> pb.UpdateClaim:
    """The claim, once its signature holds and all its fields are in their ranges; kind: the policy's."""
    if len(begin.claim) > MAX_CLAIM_BYTES:
        count = len(begin.claim)
        text = f"has {count} bytes, must have at most {MAX_CLAIM_BYTES}"
        raise InvalidInput([Violation("update_begin.claim", str(count), text)])
    verify(signatory.key, begin.signature, update_message(begin.claim), "update_begin.signature")
    claim = _parsed(begin.claim)
    _require_own(claim, signatory)
    refuse(_claim_violations(claim, kind))
    if hashlib.sha256(begin.manifest).digest() != claim.manifest_sha256:
        text = "the SHA-256 of update_begin.manifest is not the claim's manifest_sha256; hash the very bytes sent"
        raise Fault(reasons.ERROR_REASON_DIGEST_MISMATCH, text)
    return claim


def verify(key: Ed25519PublicKey, signature: bytes, message: bytes, field: str) -> None:
    """Refuse a signature, named by its field, that is not the key's over these bytes."""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        raise _signature_fault(f"{field} does not verify under the enrolled key") from None


def metric_violations(metrics: Mapping[str, float], field: str) -> Iterator[Violation]:
    """What is wrong with the names of some metrics; values may be anything."""
    if len(metrics) > MOST_METRICS:
        text = f"has {len(metrics)} entries, must have at most {MOST_METRICS}"
        yield Violation(field, str(len(metrics)), text)
        return
    for name in sorted(metrics):
        if not 1 <= len(name) <= MOST_METRIC_CHARACTERS:
            shown = name[:MOST_METRIC_CHARACTERS]
            text = f"has a name of {len(name)} characters, must have 1 to {MOST_METRIC_CHARACTERS}"
            yield Violation(f"{field}[{shown!r}]", shown, text)


def digest_violations(digest: bytes, field: str) -> Iterator[Violation]:
    """That a SHA-256 has another length than one."""
    if len(digest) != DIGEST_BYTES:
        yield Violation(field, str(len(digest)), f"has {len(digest)} bytes, must have {DIGEST_BYTES} (a SHA-256)")


class ManifestCheck:
    """Judges the manifests of a federation's updates; one that has passed is known again by its bytes.

    model: the model's manifest. element_type: what the policy wants updates in; 0 for the model's own types.
    """

    def __init__(self, model: pb.TensorManifest, element_type: int) -> None:
        self._model, self._accepted = model, (element_type,) if element_type else None
        self._passed: bytes | None = None
        self._total_bytes = 0

    def payload_bytes(self, raw: bytes) -> int:
        """Length of the payload that a serialised manifest describes; refuses tensors that are not the model's."""
        if raw != self._passed:
            manifest = _manifest(raw)
            if differences := mismatch(manifest, self._model, self._accepted):  # type: ignore[arg-type]  # numbers of the enumeration
                text = f"the update's tensors are not the model's: {in_words(differences)}"
                violations = _violations(differences)
                raise Fault(reasons.ERROR_REASON_MANIFEST_MISMATCH, text, violations=violations)
            self._passed, self._total_bytes = raw, payload_bytes(manifest)
        return self._total_bytes


def _manifest(raw: bytes) -> pb.TensorManifest:
    """A manifest that is faultless by itself."""
    if len(raw) > MAX_MANIFEST_BYTES:
        text = f"has {len(raw)} bytes, must have at most {MAX_MANIFEST_BYTES}"
        raise InvalidInput([Violation("update_begin.manifest", str(len(raw)), text)])
    try:
        manifest = pb.TensorManifest.FromString(raw)
    except DecodeError:
        raise InvalidInput([_malformed("update_begin.manifest", "TensorManifest")]) from None
    refuse(_violations(manifest_faults(manifest, UPDATE_TYPES)))
    return manifest


def _violations(faults: list[ArrayFault]) -> list[Violation]:
    return [Violation(f"update_begin.manifest.{fault.field}", "", fault.description) for fault in faults]


def _parsed(raw: bytes) -> pb.UpdateClaim:
    try:
        return pb.UpdateClaim.FromString(raw)
    except DecodeError:
        raise InvalidInput([_malformed("update_begin.claim", "UpdateClaim")]) from None


def _malformed(field: str, name: str) -> Violation:
    return Violation(field, "", f"is no valid {name}; serialise one made by stubs of these protos")


def _require_own(claim: pb.UpdateClaim, signatory: Signatory) -> None:
    """Refuse what was signed for another federation, or for another participant."""
    if claim.federation_uid != signatory.federation_uid:
        raise _signature_fault("the claim was signed for another federation, by its federation_uid")
    if claim.participant != signatory.name:
        raise _signature_fault(f"the claim names another participant; this session is {signatory.name}'s")


def _signature_fault(text: str) -> Fault:
    return Fault(reasons.ERROR_REASON_SIGNATURE_INVALID, f"{text}; sign the exact bytes sent, with the enrolled key")


def _claim_violations(claim: pb.UpdateClaim, kind: pb.UpdateKind) -> Iterator[Violation]:
    if claim.kind != kind:
        name = pb.UpdateKind.Name(claim.kind) if claim.kind in pb.UpdateKind.values() else str(claim.kind)
        yield Violation("claim.kind", name, f"is {name}, must be {pb.UpdateKind.Name(kind)}, the policy's")
    if claim.model.version < 0:
        yield Violation("claim.model.version", str(claim.model.version), f"is {claim.model.version}, must be 0 or more")
    yield from digest_violations(claim.model.sha256, "claim.model.sha256")
    yield from digest_violations(claim.manifest_sha256, "claim.manifest_sha256")
    yield from digest_violations(claim.payload_sha256, "claim.payload_sha256")
    if claim.num_examples < 1:
        yield Violation("claim.num_examples", str(claim.num_examples), f"is {claim.num_examples}, must be 1 or more")
    yield from metric_violations(claim.metrics, "claim.metrics")
