"""Keys of participants: forms, files, and what is no key."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mfn_client.federated import generate_key, load_key, public_key, save_key

# RFC 8032, section 7.1, test 1
SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")  # pragma: allowlist secret
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


def test_the_public_key_of_raw_bytes_is_that_of_the_standard() -> None:
    assert public_key(SECRET) == PUBLIC


def test_a_key_comes_back_from_its_file_which_only_its_owner_can_read(tmp_path: Path) -> None:
    key, path = generate_key(), tmp_path / "alice.pem"
    before = os.umask(0)
    try:
        save_key(key, path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert public_key(path) == public_key(str(path)) == public_key(key)
    Ed25519PublicKey.from_public_bytes(public_key(path)).verify(load_key(path).sign(b"x"), b"x")


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "alice.pem"
    save_key(generate_key(), path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        save_key(generate_key(), path)
    assert path.read_bytes() == before


def test_keys_of_other_kinds_and_lengths_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "curve.pem"
    other = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ValueError, match="not Ed25519"):
        load_key(path)
    with pytest.raises(ValueError, match="31 bytes, must have 32"):
        load_key(SECRET[:-1])
