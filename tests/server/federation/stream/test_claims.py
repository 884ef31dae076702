"""What is wrong with an announced update, told before any of its bytes come."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from mfn_server.errors import Fault
from mfn_server.federation.stream.claims import ManifestCheck, Signatory, read_claim
from tests.server.federation.scripted import manifest_of

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)  # pragma: allowlist secret
NAME = "federations/f/participants/p"
SIGNATORY = Signatory("uid", NAME, KEY.public_key())
MODEL = manifest_of({"w": (2, 3), "b": ()})
MANIFEST = MODEL.SerializeToString()


def begin(key: Ed25519PrivateKey = KEY, **overwritten: Any) -> pb.UpdateBegin:
    fields: dict[str, Any] = {
        "federation_uid": "uid",
        "participant": NAME,
        "round": 1,
        "model": pb.ModelRef(federation_uid="uid", version=0, sha256=b"m" * 32),
        "kind": pb.UPDATE_KIND_DELTA,
        "manifest_sha256": hashlib.sha256(MANIFEST).digest(),
        "payload_sha256": b"p" * 32,
        "num_examples": 1,
    }
    claim = pb.UpdateClaim(**(fields | overwritten)).SerializeToString()
    return signed(claim, key)


def signed(claim: bytes, key: Ed25519PrivateKey = KEY) -> pb.UpdateBegin:
    return pb.UpdateBegin(claim=claim, signature=key.sign(b"mfn.v1.update\0" + claim), manifest=MANIFEST)


def read(message: pb.UpdateBegin) -> pb.UpdateClaim:
    return read_claim(message, SIGNATORY, pb.UPDATE_KIND_DELTA)


def violations_of(message: pb.UpdateBegin) -> set[str]:
    with pytest.raises(InvalidInput) as caught:
        read(message)
    return {violation.field for violation in caught.value.violations}


def reason_of(work: Callable[[], Any]) -> int:
    with pytest.raises(Fault) as caught:
        work()
    return caught.value.reason


def test_a_claim_in_order_is_read() -> None:
    assert read(begin(metrics={"loss": float("nan")})).round == 1


def test_a_signature_of_another_key_or_over_other_bytes_is_refused() -> None:
    invalid = reasons.ERROR_REASON_SIGNATURE_INVALID
    assert reason_of(lambda: read(begin(Ed25519PrivateKey.generate()))) == invalid
    altered = begin()
    altered.claim += b" "
    assert reason_of(lambda: read(altered)) == invalid
    unsigned = begin()
    unsigned.signature = b""
    assert reason_of(lambda: read(unsigned)) == invalid
    bare = begin()
    bare.signature = KEY.sign(bare.claim)  # without the prefix that sets updates apart
    assert reason_of(lambda: read(bare)) == invalid


@pytest.mark.parametrize("field", [{"federation_uid": "other"}, {"participant": f"{NAME}2"}])
def test_a_claim_signed_for_another_federation_or_participant_is_refused_like_a_wrong_signature(
    field: dict[str, Any],
) -> None:
    assert reason_of(lambda: read(begin(**field))) == reasons.ERROR_REASON_SIGNATURE_INVALID


def test_the_signature_is_looked_at_before_the_claim_is_parsed() -> None:
    garbage = pb.UpdateBegin(claim=b"\xff\xff", signature=b"s" * 64, manifest=MANIFEST)
    assert reason_of(lambda: read(garbage)) == reasons.ERROR_REASON_SIGNATURE_INVALID
    assert violations_of(signed(b"\xff\xff")) == {"update_begin.claim"}


def test_every_fault_of_a_claim_is_named() -> None:
    found = violations_of(
        begin(
            model=pb.ModelRef(version=-1, sha256=b"short"),
            kind=pb.UPDATE_KIND_WEIGHTS,
            manifest_sha256=b"",
            payload_sha256=b"1",
            num_examples=0,
            metrics={"": 1.0},
        )
    )
    assert found == {
        "claim.model.version",
        "claim.model.sha256",
        "claim.kind",
        "claim.manifest_sha256",
        "claim.payload_sha256",
        "claim.num_examples",
        "claim.metrics['']",
    }


def test_metrics_are_bounded_in_number_and_length() -> None:
    assert violations_of(begin(metrics={str(n): 0.0 for n in range(101)})) == {"claim.metrics"}
    assert len(read(begin(metrics={str(n): 0.0 for n in range(100)})).metrics) == 100
    assert violations_of(begin(metrics={"x" * 65: 0.0})) == {f"claim.metrics['{'x' * 64}']"}


def test_a_claim_of_unspecified_kind_is_refused() -> None:
    assert violations_of(begin(kind=pb.UPDATE_KIND_UNSPECIFIED)) == {"claim.kind"}


def test_a_claim_that_is_too_long_is_refused_unread() -> None:
    assert violations_of(signed(bytes(64 * 1024 + 1))) == {"update_begin.claim"}


def test_a_manifest_other_than_the_one_claimed_is_refused() -> None:
    message = begin()
    message.manifest += b"\x0a\x00"
    assert reason_of(lambda: read(message)) == reasons.ERROR_REASON_DIGEST_MISMATCH


class TestManifest:
    def test_the_models_own_types_pass_and_tell_the_payloads_length(self) -> None:
        check = ManifestCheck(MODEL, 0)
        assert check.payload_bytes(MANIFEST) == 7 * 4
        assert check.payload_bytes(MANIFEST) == 7 * 4

    @pytest.mark.parametrize(
        "shapes", [{"w": (3, 2), "b": ()}, {"b": (), "w": (2, 3)}, {"w": (2, 3)}, {"w": (2, 3), "c": ()}]
    )
    def test_other_shapes_names_or_order_are_no_match(self, shapes: dict[str, tuple[int, ...]]) -> None:
        raw = manifest_of(shapes).SerializeToString()
        mismatch = reasons.ERROR_REASON_MANIFEST_MISMATCH
        assert reason_of(lambda: ManifestCheck(MODEL, 0).payload_bytes(raw)) == mismatch

    def test_the_policys_type_is_wanted_where_it_names_one(self) -> None:
        half = ElementType.ELEMENT_TYPE_FLOAT16
        raw = manifest_of({"w": (2, 3), "b": ()}, half, 2).SerializeToString()
        assert ManifestCheck(MODEL, half).payload_bytes(raw) == 7 * 2
        for refused, wanted in ((raw, 0), (MANIFEST, half)):
            check = ManifestCheck(MODEL, wanted)
            mismatch = reasons.ERROR_REASON_MANIFEST_MISMATCH
            assert reason_of(lambda check=check, refused=refused: check.payload_bytes(refused)) == mismatch  # type: ignore[misc]  # mypy takes the lambda for one of no arguments

    def test_one_that_passed_does_not_let_the_next_one_pass(self) -> None:
        check = ManifestCheck(MODEL, 0)
        check.payload_bytes(MANIFEST)
        assert reason_of(lambda: check.payload_bytes(manifest_of({"w": (7,)}).SerializeToString()))

    def test_an_empty_manifest_passes_neither_first_nor_later(self) -> None:
        check = ManifestCheck(MODEL, 0)
        for _ in range(2):
            with pytest.raises(InvalidInput) as caught:
                check.payload_bytes(b"")
            assert caught.value.violations[0].field == "update_begin.manifest.tensors"
            check.payload_bytes(MANIFEST)

    def test_a_manifest_at_fault_by_itself_is_told_where(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            ManifestCheck(MODEL, 0).payload_bytes(b"\xff")
        assert caught.value.violations[0].field == "update_begin.manifest"
        gap = manifest_of({"w": (2, 3), "b": ()})
        gap.tensors[1].offset += 1
        with pytest.raises(InvalidInput) as caught:
            ManifestCheck(MODEL, 0).payload_bytes(gap.SerializeToString())
        assert caught.value.violations[0].field == "update_begin.manifest.tensors[1].offset"
        with pytest.raises(InvalidInput) as caught:
            ManifestCheck(MODEL, 0).payload_bytes(bytes(2**20 + 1))
        assert caught.value.violations[0].field == "update_begin.manifest"
