"""Resume tokens open for the server's key, the caller and the spec they were made for, and for nothing else."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.simulation import tokens as module
from mfn_server.simulation.tokens import MAX_TOKEN_BYTES, Position, Tokens

KEY = b"k" * 32
SPEC = b"s" * 32
POSITION = Position(step=1234, sequence=99, run_id=bytes(range(16)))
TOKEN = Tokens(KEY).issue(POSITION, SPEC, "alice")


def refused(token: bytes, *, key: bytes = KEY, spec: bytes = SPEC, principal: str = "alice") -> reasons.ErrorReason:
    with pytest.raises(Fault) as caught:
        Tokens(key).open(token, spec, principal)
    return caught.value.reason


@given(
    st.builds(Position, st.integers(0, 2**63), st.integers(0, 2**63), st.binary(min_size=16, max_size=16)),
    st.binary(min_size=32, max_size=32),
    st.text(max_size=80),
)
def test_a_token_gives_back_the_position_it_was_made_of(position: Position, spec: bytes, principal: str) -> None:
    token = Tokens(KEY).issue(position, spec, principal)
    assert len(token) <= MAX_TOKEN_BYTES
    assert Tokens(KEY).open(token, spec, principal) == position


def test_a_token_of_a_stream_that_sent_no_frame_says_so() -> None:
    position = Position(None, 1, bytes(16))
    assert Tokens(KEY).open(Tokens(KEY).issue(position, SPEC, "alice"), SPEC, "alice") == position


def test_a_token_tells_neither_the_principal_nor_the_spec() -> None:
    assert b"alice" not in TOKEN
    assert SPEC[:8] not in TOKEN


def test_a_token_with_any_byte_changed_is_refused() -> None:
    for position, flip in product(range(len(TOKEN)), (0x01, 0x80, 0xFF)):
        damaged = bytearray(TOKEN)
        damaged[position] ^= flip
        assert refused(bytes(damaged)) == reasons.ERROR_REASON_RESUME_TOKEN_INVALID, f"byte {position}"


def test_a_token_cut_short_anywhere_is_refused() -> None:
    for length in range(len(TOKEN)):
        assert refused(TOKEN[:length]) == reasons.ERROR_REASON_RESUME_TOKEN_INVALID, f"{length} bytes"


def test_a_token_with_something_added_is_refused() -> None:
    for token in (TOKEN + b"\0", b"\0" + TOKEN, TOKEN * 2, TOKEN * 1000):
        assert refused(token) == reasons.ERROR_REASON_RESUME_TOKEN_INVALID


@given(st.binary(max_size=2 * MAX_TOKEN_BYTES))
def test_random_bytes_are_refused(token: bytes) -> None:
    assert refused(token) == reasons.ERROR_REASON_RESUME_TOKEN_INVALID


def test_a_token_of_another_key_is_refused_as_damaged() -> None:
    assert refused(TOKEN, key=b"K" + KEY[1:]) == reasons.ERROR_REASON_RESUME_TOKEN_INVALID


def test_a_token_of_another_spec_is_foreign() -> None:
    assert refused(TOKEN, spec=b"S" + SPEC[1:]) == reasons.ERROR_REASON_RESUME_TOKEN_FOREIGN


def test_a_token_of_another_principal_is_foreign() -> None:
    assert refused(TOKEN, principal="mallory") == reasons.ERROR_REASON_RESUME_TOKEN_FOREIGN


def test_a_token_of_another_numerics_version_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NUMERICS_VERSION", "2-rc.1")
    assert refused(TOKEN) == reasons.ERROR_REASON_RESUME_TOKEN_STALE
    newer = Tokens(KEY).issue(POSITION, SPEC, "alice")
    monkeypatch.undo()
    assert refused(newer) == reasons.ERROR_REASON_RESUME_TOKEN_STALE


def test_the_newest_key_seals_and_all_open_until_one_is_taken_out() -> None:
    old, new = "o" * 32, "n" * 32
    tokens = Tokens(old.encode())
    before = tokens.issue(POSITION, SPEC, "alice")
    tokens.use((new, old))
    assert tokens.open(before, SPEC, "alice") == POSITION
    assert Tokens(new.encode()).open(tokens.issue(POSITION, SPEC, "alice"), SPEC, "alice") == POSITION
    tokens.use((new,))
    with pytest.raises(Fault):
        tokens.open(before, SPEC, "alice")
