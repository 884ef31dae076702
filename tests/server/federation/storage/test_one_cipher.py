"""Payloads are sealed by one cipher, named in one file, and no other is anywhere in the product."""

import re
from collections.abc import Iterator
from pathlib import Path

SEALING = Path("server/mfn_server/federation/storage/sealing.py")
SOURCES = ("mfn_grpc", "server", "clients")
CIPHERS = re.compile(
    r"\bCipher\(|\bciphers\.(?:algorithms|modes|base)|\bciphers import|\bFernet|\bfernet|ChaCha|AESCCM|AESSIV|AESOCB|"
    r"AESGCMSIV|TripleDES|Blowfish|\bARC4|\bCrypto\.|\bCryptodome|\bnacl\b|\bpynacl|\bpyaes|\bkeywrap|\bMultiFernet|"
    r"set_ciphers|\bDES3?\b|createCipher|crypto/(?:aes|cipher|des|rc4)|subtle\.encrypt"
)


def sources(root: Path) -> Iterator[tuple[Path, str]]:
    files = (path for top in SOURCES for path in (root / top).rglob("*") if path.suffix in {".py", ".go", ".js", ".ts"})
    for path in files:
        relative = path.relative_to(root)
        if not {"node_modules", "build"} & set(relative.parts):
            yield relative, path.read_text(encoding="utf-8")


def test_no_other_cipher_is_in_the_tree(root: Path) -> None:
    found = {str(path): CIPHERS.findall(text) for path, text in sources(root)}
    assert {path: names for path, names in found.items() if names} == {}


def test_the_one_cipher_is_in_one_file(root: Path) -> None:
    assert [path for path, text in sources(root) if re.search(r"AESGCM|ciphers\.aead", text)] == [SEALING]


def test_the_search_finds_what_it_looks_for() -> None:
    samples = ["Cipher(algorithms.AES(key), modes.CTR(nonce))", "from cryptography.fernet import Fernet"]
    samples += ["ChaCha20Poly1305(key)", "from Crypto.Cipher import AES", "import nacl.secret", "aead.AESCCM(key)"]
    samples += ["from cryptography.hazmat.primitives.ciphers.algorithms import AES", "crypto.createCipheriv()"]
    assert [sample for sample in samples if not CIPHERS.search(sample)] == []
