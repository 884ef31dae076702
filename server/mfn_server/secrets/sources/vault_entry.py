"""The login at Vault that is in use, and when another one takes its place."""

from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from mfn_server.secrets.sources.vault_login import Login, Pass

if TYPE_CHECKING:
    import hvac  # type: ignore[import-untyped]  # it ships no types

LOGIN_EVERY_S = 10.0
"""Least time between two tries to replace a token that Vault refuses."""
FAREWELL_S = 1.0
"""Given to Vault to end a token that is needed no more."""

T = TypeVar("T")


class Entry:
    """Logs in when it is first needed. One thread at a time."""

    def __init__(self, login: Login, new_client: Callable[[], "hvac.Client"]) -> None:
        self._login, self._new_client = login, new_client
        self._client: hvac.Client | None = None
        self._pass: Pass | None = None
        self._entered = self._tried_again = float("-inf")

    def tried(self, ask: Callable[["hvac.Client"], T]) -> T:
        """What Vault answers, by another token if the one in use has expired; raises whatever asking does."""
        from hvac.exceptions import Forbidden  # type: ignore[import-untyped]  # noqa: PLC0415  # may not be installed

        first = self._client is None
        client = self._client or self._enter()
        try:
            return ask(client)
        except Forbidden:
            if first or not self._may_enter_again() or not self._expired(client):
                raise
        self._tried_again = monotonic()
        return ask(self._enter())

    def leave(self) -> None:
        """End the session and, as far as Vault lets itself be told, a token of its own."""
        client, held = self._client, self._pass
        self._client = self._pass = None
        if client is None:
            return
        if held is not None and held.own:
            with suppress(Exception):  # it ends by itself when its lease does
                client.adapter.post("/v1/auth/token/revoke-self", timeout=FAREWELL_S)
        client.adapter.close()

    def _may_enter_again(self) -> bool:
        return monotonic() - max(self._entered, self._tried_again) >= LOGIN_EVERY_S

    def _expired(self, client: "hvac.Client") -> bool:
        """Whether the token holds no more, and not merely is not allowed what was asked."""
        from hvac.exceptions import Forbidden  # noqa: PLC0415  # as above

        lease_s = None if self._pass is None else self._pass.lease_s
        if lease_s is not None and monotonic() - self._entered >= lease_s:
            return True
        try:
            client.auth.token.lookup_self()
        except Forbidden:
            return True
        return False

    def _enter(self) -> "hvac.Client":
        """Another client with a token; the one before stays in use if there is none to be had."""
        client = self._new_client()
        try:
            got = self._login.enter(client)
        except BaseException:
            client.adapter.close()
            raise
        client.token = got.token
        self.leave()
        self._client, self._pass, self._entered = client, got, monotonic()
        return client
