"""Whether a secret that came while the server runs is as good as the settings demand."""

from collections.abc import Iterable
from typing import Any

from mfn_server.config.environments import Environment
from mfn_server.config.secret_values import MAKE_ONE, SEVERAL, keys_in, made_up, values_in
from mfn_server.config.settings import Settings

KEPT_APART = (*SEVERAL, "federation_keys")


class Judge:
    """Knows the values in use, by their settings. strict: placeholders are refused."""

    def __init__(self, in_use: dict[str, tuple[str, ...]] | None = None, *, strict: bool = False) -> None:
        self._in_use, self._strict = in_use or {}, strict

    def keys(self, setting: str, text: str) -> tuple[str, ...]:
        """The keys of a text, newest first; raises ValueError that tells none of them."""
        keys = keys_in(text)
        self.admit(setting, keys)
        return keys

    def admit(self, setting: str, values: tuple[str, ...]) -> None:
        """Take note of values that are about to be used; raises ValueError."""
        self.refuse_made_up(values)
        elsewhere = sorted(name for name, used in self._in_use.items() if name != setting and {*used} & {*values})
        if elsewhere:
            raise ValueError(f"is the same secret as MFN_{elsewhere[0].upper()}; {MAKE_ONE}")
        self._in_use[setting] = values

    def refuse_made_up(self, values: Iterable[str]) -> None:
        """Raise ValueError for a placeholder."""
        if self._strict and (places := made_up(tuple(values))):
            raise ValueError(f"value {places[0]} of it looks like a placeholder; {MAKE_ONE}")


def judge_of(settings: Settings) -> Judge:
    """One that holds new secrets to the rules of these settings."""
    held: dict[str, Any] = {name: getattr(settings, name) for name in KEPT_APART}
    in_use = {name: values_in(name, secret.get_secret_value()) for name, secret in held.items() if secret is not None}
    return Judge(in_use, strict=settings.env is not Environment.DEV)
