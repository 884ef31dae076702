"""Secrets of HashiCorp Vault's KV engine, both of its versions."""

import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mfn_server.secrets.references import VaultReference
from mfn_server.secrets.sources.fields import field_of, unless_seen
from mfn_server.secrets.sources.source import Found
from mfn_server.secrets.sources.vault_entry import Entry
from mfn_server.secrets.sources.vault_faults import told
from mfn_server.secrets.sources.vault_login import Login

if TYPE_CHECKING:
    import hvac  # type: ignore[import-untyped]  # it ships no types

NOBODY = ""
"""Until the login: without any, hvac takes a token from the environment or the home directory."""
TIMEOUT_S = 3.0
"""Longest silence of Vault, each time that it owes an answer."""


@dataclass(frozen=True)
class VaultAccess:
    """Where Vault is, and as whom the server asks there."""

    address: str
    namespace: str | None
    ca_file: Path | None
    login: Login = field(repr=False)


class Vault:
    """One Vault for all secrets that are read from it. Any thread may ask; one is answered at a time."""

    def __init__(self, access: VaultAccess) -> None:
        self._access = access
        self._entry = Entry(access.login, self._new_client)
        self._lock = threading.Lock()
        self._mounts: dict[str, tuple[str, str]] = {}

    def read(self, path: str) -> Mapping[str, Any]:
        """The newest fields of a secret; with another login where the token in use has expired.

        Raises OSError: Vault did not answer, or refused. ValueError: there is no such secret, or what is set up is of
        no use.
        """
        with self._lock:
            try:
                return self._entry.tried(lambda client: self._fields(client, path))
            except Exception as error:  # noqa: BLE001  # a wrong answer may do anything to its reader
                self._mounts.pop(path, None)
                raise told(error, self._access.address, path) from None

    def close(self) -> None:
        """End the session, and the token where a login of this server got it; the next reading logs in again."""
        if self._lock.acquire(blocking=False):  # a reading that goes on must not hold up the end of the server
            try:
                self._entry.leave()
            finally:
                self._lock.release()

    def _new_client(self) -> "hvac.Client":
        import hvac  # noqa: PLC0415  # the extra may not be installed

        from mfn_server.secrets.sources.vault_session import VaultSession  # noqa: PLC0415  # as above

        access = self._access
        return hvac.Client(
            url=access.address,
            token=NOBODY,
            namespace=access.namespace,
            timeout=TIMEOUT_S,
            allow_redirects=False,
            # Of ours also because hvac's own tries again and again: the next look does that.
            session=VaultSession(access.ca_file, TIMEOUT_S),
        )

    def _fields(self, client: "hvac.Client", path: str) -> Mapping[str, Any]:
        mount, version = self._mount(client, path)
        below = path.removeprefix(mount).strip("/")
        if version == "2":
            answer = client.secrets.kv.v2.read_secret_version(below, mount_point=mount, raise_on_deleted_version=True)
            fields = answer["data"]["data"]
        else:
            fields = client.secrets.kv.v1.read_secret(below, mount_point=mount)["data"]
        if not isinstance(fields, dict):
            raise TypeError
        return fields

    def _mount(self, client: "hvac.Client", path: str) -> tuple[str, str]:
        """The mount that holds a path, and the version of its engine, as Vault's own command asks for them."""
        if path not in self._mounts:
            found = client.adapter.get(f"/v1/sys/internal/ui/mounts/{path}")["data"]
            options = found.get("options") or {}
            self._mounts[path] = str(found["path"]).strip("/"), str(options.get("version", "1"))
        return self._mounts[path]


class VaultSource:
    """One field of a secret in Vault."""

    store = "vault"

    def __init__(self, vault: Vault, reference: VaultReference, look_every_s: float) -> None:
        self._vault, self._reference, self._look_every_s = vault, reference, look_every_s

    @property
    def look_every_s(self) -> float:
        """As MFN_SECRETS_REFRESH_S says."""
        return self._look_every_s

    def look(self, seen: Hashable = None) -> Found | None:
        """The field's text as it is now."""
        return unless_seen(field_of(self._vault.read(self._reference.path), self._reference.field), seen)

    def close(self) -> None:
        """End the session with Vault, which other secrets share."""
        self._vault.close()

    def __str__(self) -> str:
        return str(self._reference)

    def __repr__(self) -> str:
        return f"VaultSource({self})"
