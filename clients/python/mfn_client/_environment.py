"""Credentials and encryption as the environment says them, in the variables of the `mfn` command."""

import os

from mfn_client._tls import Tls

_YES = {"1", "true", "t", "yes", "y", "on"}


def credentials_of_environment() -> dict[str, str | None]:
    """Key and token, as the arguments of a client."""
    return {name: os.environ.get(f"MFN_{name.upper()}") for name in ("api_key", "token")}


def tls_of_environment() -> Tls | None:
    """The encryption that is asked for; files imply it.

    Raises:
        InvalidCredentials: there is a certificate without a key, or a key without a certificate.
    """
    names = ("MFN_CA_FILE", "MFN_CLIENT_CERT", "MFN_CLIENT_KEY")
    files = [os.environ.get(name) or None for name in names]
    wanted = os.environ.get("MFN_TLS", "").strip().lower() in _YES or any(files)
    return Tls(*files) if wanted else None
