"""Which 32 bytes are an Ed25519 public key."""

import secrets

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mfn_server.federation.resources.public_keys import public_key_fault

PRIME = 2**255 - 19
SMALL_ORDER = [
    (1).to_bytes(32, "little"),  # the neutral element
    (PRIME - 1).to_bytes(32, "little"),  # order 2
    (0).to_bytes(32, "little"),  # order 4
    # Two of order 8.
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),  # pragma: allowlist secret
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),  # pragma: allowlist secret
]


def test_every_key_that_a_library_makes_is_one() -> None:
    for _ in range(20):
        assert public_key_fault(Ed25519PrivateKey.generate().public_key().public_bytes_raw()) is None


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_other_lengths_are_none(length: int) -> None:
    assert f"{length} bytes" in str(public_key_fault(bytes(length)))


@pytest.mark.parametrize("raw", SMALL_ORDER)
def test_points_of_small_order_are_none(raw: bytes) -> None:
    assert "small order" in str(public_key_fault(raw))


@pytest.mark.parametrize("value", [PRIME, PRIME + 1, 2**255 - 1, 2**255 + 1])
def test_encodings_that_are_not_canonical_are_none(value: int) -> None:
    assert "no point" in str(public_key_fault(value.to_bytes(32, "little")))


def test_about_half_of_all_bytes_are_no_point_and_a_library_verifies_nothing_by_those() -> None:
    signature = Ed25519PrivateKey.generate().sign(b"")
    faulty = [raw for raw in (secrets.token_bytes(32) for _ in range(200)) if public_key_fault(raw)]
    # A binomial of 200 at one half lies outside this with a probability of 1e-12.
    assert 50 < len(faulty) < 150
    for raw in faulty:
        with pytest.raises(InvalidSignature):
            Ed25519PublicKey.from_public_bytes(raw).verify(signature, b"")
