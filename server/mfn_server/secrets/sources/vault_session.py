"""How Vault is asked: at one address only, with bounds on each answer, by nothing that the environment says."""

import ssl
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any, cast

import requests
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

MOST_BYTES = 2**20
"""Of one answer; a secret of Vault's own storage fits."""


class UnusableAnswer(Exception):
    """What came is no answer of a Vault to rely on; the text tells why and holds nothing of it."""


class VaultSession(requests.Session):
    """requests' session that takes no proxy, credential or certificate from variables or files of the user.

    ca_file: authorities, None for the system's. patience_s: for the whole body of an answer, after its head.
    """

    def __init__(self, ca_file: Path | None, patience_s: float) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = str(ca_file) if ca_file else _authorities()
        self.headers["Accept-Encoding"] = "identity"  # what is counted is what is kept
        self._patience_s = patience_s

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """An answer that is wholly read; raises UnusableAnswer and what requests does."""
        response = super().send(request, **{**options, "stream": True, "allow_redirects": False})
        with response:
            if response.is_redirect:
                raise UnusableAnswer(
                    "answers with a redirect, which is not followed, for the token would go with it; "
                    "MFN_VAULT_ADDRESS must name the place that answers itself"
                )
            try:
                response.raw = BytesIO(self._body(cast("BaseHTTPResponse", response.raw)))
            except HTTPError as error:
                raise UnusableAnswer(f"breaks off in its answer ({type(error).__name__})") from None
            response.content  # noqa: B018  # read now: closed, it could not be any more
        return response

    def _body(self, raw: BaseHTTPResponse) -> bytes:
        parts, size, end = list[bytes](), 0, monotonic() + self._patience_s
        while part := raw.read1(MOST_BYTES, decode_content=False):
            parts.append(part)
            size += len(part)
            if size > MOST_BYTES:
                raise UnusableAnswer(f"answers with more than {MOST_BYTES} bytes")
            if monotonic() > end:
                raise UnusableAnswer(f"does not answer within {self._patience_s:g} s")
        return b"".join(parts)


def _authorities() -> str | bool:
    """Where OpenSSL looks on this system; requests' own list where there is neither file nor directory."""
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or True
