"""What participants of federations sign: bytes, each kind under a prefix of its own so that none passes for another.

Ed25519 (RFC 8032) over these bytes; the contract names them beside `Proof.signature` and `UpdateBegin.signature`.
"""

SIGNATURE_BYTES = 64
"""Length of an Ed25519 signature."""

PUBLIC_KEY_BYTES = 32
"""Length of an Ed25519 public key."""

NONCE_BYTES = 32
"""Length of a challenge's nonce."""

_JOIN, _UPDATE = b"mfn.v1.join", b"mfn.v1.update"
_END = b"\0"


def join_message(federation_uid: str, participant: str, nonce: bytes) -> bytes:
    """The bytes that a participant signs to prove that it holds its key.

    Args:
        federation_uid: Uid of the federation, from the challenge; no zero character.
        participant: federations/{f}/participants/{p}; no zero character.
        nonce: The challenge's, NONCE_BYTES.

    Raises:
        ValueError: a zero character in a text, which would let two pairs of texts share their bytes, or a nonce of
            another length.
    """
    for text in (federation_uid, participant):
        if "\0" in text:
            raise ValueError(f"{text!r} holds a zero character, which separates the parts of what is signed")
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"the nonce has {len(nonce)} bytes, must have {NONCE_BYTES}")
    return _END.join((_JOIN, federation_uid.encode(), participant.encode(), nonce))


def update_message(claim: bytes) -> bytes:
    """The bytes that a participant signs to answer for an update: its serialised UpdateClaim, as it is sent."""
    return _END.join((_UPDATE, claim))
