"""Certificates made for a test."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def self_signed(place: Path, *, from_day: int = -1, to_day: int = 30, password: bytes | None = None) -> dict[str, str]:
    """The variables of a certificate and key made in a directory, valid between these days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=from_day))
        .not_valid_after(now + timedelta(days=to_day))
        .sign(key, hashes.SHA256())
    )
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    place.mkdir(exist_ok=True)
    cert_file, key_file = place / "cert.pem", place / "key.pem"
    cert_file.write_bytes(made.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
    return {"MFN_TLS_CERT_FILE": str(cert_file), "MFN_TLS_KEY_FILE": str(key_file)}
