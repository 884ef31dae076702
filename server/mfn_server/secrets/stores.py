"""The places outside this machine that secrets are read from, as the settings name them, and what is read there."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import Any

from pydantic import SecretStr

from mfn_server.config.packages import needed
from mfn_server.secrets.held import held
from mfn_server.secrets.references import FileReference, Reference, VaultReference
from mfn_server.secrets.sources.aws import AwsAccess, AwsSource, SecretsManager
from mfn_server.secrets.sources.file import FileSource
from mfn_server.secrets.sources.source import Source
from mfn_server.secrets.sources.vault import Vault, VaultAccess, VaultSource
from mfn_server.secrets.sources.vault_login import KubernetesLogin, Login, TokenLogin

LEAVING_S = 2.0
"""How long an end waits for stores to be told of it."""


@dataclass(frozen=True)
class Stores:
    """The settings of Vault and AWS, one connection to each; the token is the only secret among them."""

    secrets_refresh_s: float
    vault_address: str | None
    vault_namespace: str | None
    vault_ca_file: Path | None
    vault_token: SecretStr | None = field(repr=False)
    vault_kubernetes_role: str | None
    vault_kubernetes_mount: str
    vault_kubernetes_token_file: Path
    aws_region: str | None
    aws_endpoint: str | None

    @cached_property
    def vault(self) -> Vault:
        """Raises ValueError where the settings do not say how it is reached."""
        needed("hvac", extra="vault")
        if self.vault_address is None:
            raise ValueError("needs MFN_VAULT_ADDRESS, for instance https://vault.example.org:8200")
        return Vault(VaultAccess(self.vault_address, self.vault_namespace, self.vault_ca_file, self._login()))

    @cached_property
    def aws(self) -> SecretsManager:
        """Raises ValueError where its package is missing."""
        needed("boto3", extra="aws")
        return SecretsManager(AwsAccess(self.aws_region, self.aws_endpoint))

    def source(self, reference: Reference) -> Source:
        """What a reference is read from; raises ValueError where the settings do not say how."""
        if isinstance(reference, FileReference):
            return FileSource(reference.path)
        if isinstance(reference, VaultReference):
            return VaultSource(self.vault, reference, self.secrets_refresh_s)
        return AwsSource(self.aws, reference, self.secrets_refresh_s)

    def close(self) -> None:
        """End whatever connection was made."""
        for made in (self.__dict__.get("vault"), self.__dict__.get("aws")):
            if made is not None:
                made.close()

    def _login(self) -> Login:
        if self.vault_token is not None:
            return TokenLogin(held(self.vault_token))
        if self.vault_kubernetes_role is not None:
            role, mount = self.vault_kubernetes_role, self.vault_kubernetes_mount
            return KubernetesLogin(role, mount, self.vault_kubernetes_token_file)
        raise ValueError("needs MFN_VAULT_TOKEN, or in Kubernetes MFN_VAULT_KUBERNETES_ROLE")


_of_this_loading: ContextVar[dict[Stores, Stores]] = ContextVar("stores of the settings that are being read")


def source_of(reference: Reference, known: Mapping[str, Any]) -> Source:
    """What a reference is read from, by the settings that are valid so far; raises ValueError."""
    if isinstance(reference, FileReference):
        return FileSource(reference.path)
    kind = "vault" if isinstance(reference, VaultReference) else "aws"
    for setting in fields(Stores):
        if setting.name.startswith((kind, "secrets")) and setting.name not in known:
            raise ValueError(f"needs MFN_{setting.name.upper()}, which is faulty or missing")
    values: dict[str, Any] = {setting.name: known.get(setting.name) for setting in fields(Stores)}
    made = Stores(**values)
    return _of_this_loading.get({}).setdefault(made, made).source(reference)


@contextmanager
def own_stores() -> Iterator[None]:
    """In it, settings that are read together share their connections: one login, however many secrets.

    They are ended at once where the settings turn out to be of no use, else by whoever uses them.
    """
    stores: dict[Stores, Stores] = {}
    before = _of_this_loading.set(stores)
    try:
        yield
    except BaseException:
        for each in stores:
            each.close()
        raise
    finally:
        _of_this_loading.reset(before)


def close_stores(settings: Iterable[tuple[str, Any]]) -> None:
    """End the connections that the secrets of settings are read through; a later reading makes others.

    A store that does not answer is left after a while: nobody's end waits for it.
    """
    held = (getattr(getattr(value, "held", value), "source", None) for _, value in settings)
    remote = [source for source in held if isinstance(source, VaultSource | AwsSource)]
    leaving = Thread(target=_close, args=(remote,), name="mfn-stores", daemon=True)
    leaving.start()
    leaving.join(LEAVING_S)


def _close(sources: Iterable[VaultSource | AwsSource]) -> None:
    for source in sources:
        source.close()
