"""Keeps the secrets of the server itself out of its log: those of the settings, and newer ones as they come."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from urllib.parse import unquote, unquote_plus, urlsplit

from pydantic import SecretStr

from mfn_server.config.addresses import IN_MEMORY
from mfn_server.config.settings import Settings
from mfn_server.secrets.held import Held
from mfn_server.telemetry.masking import LEAST_SECRET_CHARACTERS

ADDRESSES = frozenset({"rate_limit_store"})
"""Settings whose secrets are URLs."""
KEPT = 3
"""Texts of each setting: the one in use, and those before it, which late lines may still repeat."""


class OwnSecrets:
    """Has all of them masked. hide: takes every text to mask, now and whenever there is another."""

    def __init__(self, settings: Settings, hide: Callable[[Iterable[str]], None]) -> None:
        self._hide, self._lock = hide, threading.Lock()
        secrets = {name: value for name, value in settings if isinstance(value, SecretStr)}
        self._texts = {name: deque([secret.get_secret_value()], KEPT) for name, secret in secrets.items()}
        self._held = [(name, secret) for name, secret in secrets.items() if isinstance(secret, Held)]
        for name, secret in self._held:
            secret.listener = partial(self._add, name)
        hide(self._parts())

    def forget(self) -> None:
        """Be told of no more."""
        for _, secret in self._held:
            secret.listener = None

    def _add(self, name: str, text: str) -> None:
        with self._lock:
            if text != self._texts[name][-1]:
                self._texts[name].append(text)
                self._hide(self._parts())

    def _parts(self) -> list[str]:
        """Each text whole, and each key of a list or password of an address by itself."""
        parts = (part for name, texts in self._texts.items() for text in texts for part in _parts_of(name, text))
        return [part for part in dict.fromkeys(parts) if len(part) >= LEAST_SECRET_CHARACTERS]


def _parts_of(name: str, secret: str) -> Iterator[str]:
    if name in ADDRESSES:
        if secret != IN_MEMORY:
            yield secret
            yield from _parts_of_address(secret)
        return
    yield secret
    for part in secret.replace(",", " ").split():
        yield part.rpartition(":")[2]


def _parts_of_address(address: str) -> Iterator[str]:
    """User, password and the query's values, as they are written and as they are meant."""
    try:
        parts = urlsplit(address)
        written = (parts.username, parts.password, *(pair.partition("=")[2] for pair in parts.query.split("&")))
    except ValueError:  # whose text would repeat the address; as a whole that is hidden
        return
    for part in filter(None, written):
        yield part
        yield unquote(part)
        yield unquote_plus(part)
