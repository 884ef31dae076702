"""What the tests need of a Vault, and a real one, where its program is installed."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Protocol

import hvac  # type: ignore[import-untyped]  # it ships no types
import requests

ROOT = "root-token"
PATIENCE_S = 60.0
"""After this long something hangs."""


class AnyVault(Protocol):
    """KV 2 at `secret`, KV 1 at `old`; the token ROOT may do everything."""

    address: str

    def put(self, path: str, **fields: Any) -> None:
        """Write a secret, as `vault kv put` does."""

    def new_token(self) -> str:
        """A token that may read everything."""

    def revoke(self, token: str) -> None:
        """Let it hold no more."""


class RealVault:
    """A server of the program that operators run, in memory."""

    def __init__(self, address: str) -> None:
        self.address = address
        # No retries: each one would wait.
        self._root = hvac.Client(url=address, token=ROOT, session=requests.Session())

    def prepare(self) -> None:
        """Have a KV 1 beside the KV 2 that is there, and a policy."""
        self._root.sys.enable_secrets_engine("kv", path="old", options={"version": "1"})
        self._root.sys.create_or_update_policy("read", 'path "*" { capabilities = ["read"] }')

    def put(self, path: str, **fields: Any) -> None:
        """As AnyVault."""
        mount, _, rest = path.partition("/")
        kv = self._root.secrets.kv
        (kv.v1 if mount == "old" else kv.v2).create_or_update_secret(rest, secret=fields, mount_point=mount)

    def new_token(self) -> str:
        """As AnyVault."""
        return str(self._root.auth.token.create(policies=["read"])["auth"]["client_token"])

    def revoke(self, token: str) -> None:
        """As AnyVault."""
        self._root.auth.token.revoke(token)

    def answers(self) -> bool:
        """Whether it does by now."""
        try:
            return bool(self._root.sys.is_initialized() and not self._root.sys.is_sealed())
        except requests.ConnectionError:
            return False


@contextmanager
def real_vault(program: str, home: Path) -> Iterator[RealVault]:
    """One that listens on the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = [f"-dev-root-token-id={ROOT}", f"-dev-listen-address=127.0.0.1:{port}", "-dev-no-store-token"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "server", "-dev", *options], stdout=log, stderr=log, env=os.environ | {"HOME": str(home)}
        )
    try:
        vault = RealVault(f"http://127.0.0.1:{port}")
        end = monotonic() + PATIENCE_S
        while not vault.answers():
            assert process.poll() is None, (home / "log").read_text()
            assert monotonic() < end, (home / "log").read_text()
            sleep(0.1)
        vault.prepare()
        yield vault
    finally:
        process.kill()
        process.wait()
