"""What is signed, against the bytes that the contract spells out."""

import pytest

from mfn_grpc.signing import NONCE_BYTES, join_message, update_message

NONCE = bytes(range(NONCE_BYTES))


def test_a_join_message_is_the_bytes_of_the_contract() -> None:
    message = join_message("0f3c", "federations/f/participants/é", NONCE)
    assert message == b"mfn.v1.join\x000f3c\x00federations/f/participants/\xc3\xa9\x00" + NONCE


def test_an_update_message_is_the_bytes_of_the_contract() -> None:
    assert update_message(b"\x0a\x00claim") == b"mfn.v1.update\x00\x0a\x00claim"


def test_a_text_with_a_zero_character_is_refused_because_it_could_stand_for_two() -> None:
    for uid, participant in (("a\0b", "c"), ("a", "b\0c")):
        with pytest.raises(ValueError, match="zero character"):
            join_message(uid, participant, NONCE)


@pytest.mark.parametrize("length", [0, NONCE_BYTES - 1, NONCE_BYTES + 1])
def test_a_nonce_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"has {length} bytes, must have 32"):
        join_message("a", "b", bytes(length))


def test_neither_message_can_pass_for_the_other() -> None:
    assert not join_message("a", "b", NONCE).startswith(update_message(b""))
