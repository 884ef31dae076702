"""What an API key looks like, `mfn_<id>_<secret>`, and the digest that is kept of it."""

import hmac
import secrets

PREFIX = "mfn_"
ID_CHARACTERS = 12
SECRET_BYTES = 32
_ID = slice(len(PREFIX), len(PREFIX) + ID_CHARACTERS)


def new_id() -> str:
    """Twelve hexadecimal digits."""
    return secrets.token_hex(ID_CHARACTERS // 2)


def new_key(key_id: str) -> str:
    """A key of this id with 256 random bits."""
    return f"{PREFIX}{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"


def id_of(key: str) -> str:
    """The characters where a key has its id; of anything else, whatever stands there."""
    return key[_ID]


def digest_of(key: str, pepper: bytes) -> bytes:
    """HMAC-SHA-256 of the whole key under the server's pepper: a stolen file lets nobody in, nor try keys offline."""
    return hmac.digest(pepper, key.encode(errors="backslashreplace"), "sha256")
