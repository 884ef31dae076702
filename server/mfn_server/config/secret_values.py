"""The values that one secret of the settings may hold, newest first, and what is wrong with one."""

import re

from mfn_server.config.placeholders import is_placeholder

MIN_KEY_CHARACTERS = 32
MAKE_ONE = "make one with: openssl rand -hex 32"
BETWEEN = " \t\r\n"
MOST_KEYS = 16
"""In one setting: each is tried on what callers send."""
SEVERAL = ("api_key", "api_key_pepper", "resume_token_key")
"""Settings that hold one key or several, with white space between them."""


def keys_in(text: str) -> tuple[str, ...]:
    """The keys of a text, newest first.

    Raises ValueError for one that can be guessed for its shortness, for characters that no caller could send, as a
    wrong encoding leaves them, and for too many.
    """
    if not all(character in BETWEEN or (character.isascii() and character.isprintable()) for character in text):
        raise ValueError(f"must be printable ASCII characters; {MAKE_ONE}")
    keys = tuple(text.split())
    if len(keys) > MOST_KEYS:
        raise ValueError(f"holds {len(keys)} keys and may hold {MOST_KEYS}; leave out the oldest")
    if not keys or min(map(len, keys)) < MIN_KEY_CHARACTERS:
        each = ", each of several" if len(keys) > 1 else ""
        raise ValueError(f"must have at least {MIN_KEY_CHARACTERS} characters{each}; {MAKE_ONE}")
    return keys


def federation_keys_in(text: str) -> tuple[str, ...]:
    """The keys of all entries id:key."""
    return tuple(entry.partition(":")[2] for entry in re.split(r"[,\s]+", text.strip()))


def values_in(setting: str, text: str) -> tuple[str, ...]:
    """Every secret that a setting's text holds."""
    return federation_keys_in(text) if setting == "federation_keys" else tuple(text.split())


def made_up(values: tuple[str, ...]) -> list[int]:
    """The places, from 1, of values that look like placeholders."""
    return [place for place, value in enumerate(values, 1) if is_placeholder(value)]
