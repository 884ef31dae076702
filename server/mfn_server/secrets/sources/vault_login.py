"""How the server proves to Vault who it is: by a token it was given, or as a pod of Kubernetes."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mfn_server.secrets.held import Held, text_of

if TYPE_CHECKING:
    import hvac  # type: ignore[import-untyped]  # it ships no types

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


@dataclass(frozen=True, repr=False)
class Pass:
    """A token of Vault.

    lease_s: how long it holds, None where nobody said. own: whether a login of this server got it, for nobody else.
    """

    token: str
    lease_s: float | None
    own: bool


class Login(Protocol):
    """A way to get a token of Vault."""

    def enter(self, client: "hvac.Client") -> Pass:
        """A token; `client` has none yet. Raises OSError, ValueError and what hvac does."""


@dataclass(frozen=True)
class TokenLogin:
    """A token that was given; one in a file is read again, since whoever writes it there renews it."""

    given: Held

    def enter(self, client: "hvac.Client") -> Pass:
        """The token as it stands there now."""
        found = self.given.source.look()
        if found is None:
            raise ValueError("the token of MFN_VAULT_TOKEN is gone")
        token = _fit_for_a_header(text_of(self.given.source, found.content), "the token of MFN_VAULT_TOKEN")
        self.given.tell(token)
        return Pass(token, None, own=False)


@dataclass(frozen=True)
class KubernetesLogin:
    """A role of Vault's Kubernetes method, proven by the service account's token, which the kubelet renews."""

    role: str
    mount: str
    token_file: Path

    def enter(self, client: "hvac.Client") -> Pass:
        """A new token of Vault."""
        try:
            proof = self.token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise OSError(
                f"the service account's token {self.token_file} is not read: {type(error).__name__}"
            ) from None
        answer = client.auth.kubernetes.login(self.role, proof, use_token=False, mount_point=self.mount)["auth"]
        token = _fit_for_a_header(answer["client_token"], "the token that Vault gave")
        return Pass(token, float(answer.get("lease_duration") or 0) or None, own=True)


def _fit_for_a_header(token: object, whose: str) -> str:
    if not (isinstance(token, str) and token.isascii() and token.isprintable() and token and " " not in token):
        raise ValueError(f"{whose} must be one word of printable ASCII characters")
    return token
