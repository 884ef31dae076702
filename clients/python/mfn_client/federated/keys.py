"""Ed25519 keys of participants: made, kept in a PEM file, and shown to who enrols them.

key = generate_key()
save_key(key, "alice.pem")
client.enrol_participant("digits", "alice", public_key("alice.pem"))
"""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

PRIVATE_KEY_BYTES = 32
Key = Ed25519PrivateKey | bytes | str | Path
"""A private key: an object of `cryptography`, its 32 raw bytes, or the path of an unencrypted PEM file (PKCS #8)."""


def generate_key() -> Ed25519PrivateKey:
    """A new private key."""
    return Ed25519PrivateKey.generate()


def save_key(key: Ed25519PrivateKey, path: str | Path) -> None:
    """Write a private key to a new PEM file that only its owner can read (mode 0600).

    Raises:
        FileExistsError: there is a file of this name; it is left alone.
    """
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def load_key(key: Key) -> Ed25519PrivateKey:
    """A private key in any of the forms of `Key`.

    Raises:
        ValueError: bytes of another length, or a file that holds no Ed25519 key.
        OSError: the file cannot be read.
    """
    if isinstance(key, Ed25519PrivateKey):
        return key
    if isinstance(key, bytes):
        return _from_bytes(key)
    found = load_pem_private_key(Path(key).read_bytes(), password=None)
    if not isinstance(found, Ed25519PrivateKey):
        raise ValueError(f"{key} holds a key of another kind, not Ed25519; make one with generate_key()")
    return found


def public_key(key: Key) -> bytes:
    """The public key, 32 bytes, that belongs to a private one; what `enrol_participant` takes."""
    return load_key(key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _from_bytes(raw: bytes) -> Ed25519PrivateKey:
    if len(raw) != PRIVATE_KEY_BYTES:
        raise ValueError(f"a raw private key has {len(raw)} bytes, must have {PRIVATE_KEY_BYTES}")
    return Ed25519PrivateKey.from_private_bytes(raw)
