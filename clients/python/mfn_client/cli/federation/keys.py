"""Keys as the command line names them."""

# ruff: noqa: PLC0415  # cryptography is loaded when a command runs, not for --help

from pathlib import Path
from typing import TYPE_CHECKING

from mfn_client.cli.failures import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PUBLIC_KEY_BYTES = 32


def private_key(path: Path) -> "Ed25519PrivateKey":
    """The key of a PEM file.

    Raises:
        UsageError: the file holds none.
        OSError: the file cannot be read.
    """
    from mfn_client.federated import load_key

    try:
        return load_key(path)
    except (TypeError, ValueError):
        raise UsageError(f"--key {path} holds no unencrypted Ed25519 key in PEM") from None


def public_key_of(text: str) -> bytes:
    """The public key that 64 hexadecimal digits say.

    Raises:
        UsageError: they are not that.
    """
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != PUBLIC_KEY_BYTES:
        raise UsageError(f"--public-key {text!r} must be {2 * PUBLIC_KEY_BYTES} hexadecimal digits")
    return raw
