"""Secrets that are exchanged while the server runs are masked like those of its start."""

import asyncio
import logging
from pathlib import Path
from secrets import token_hex

from mfn_server.config.loading import load_settings
from mfn_server.secrets.held import Held
from mfn_server.secrets.watch_list import WatchList
from mfn_server.telemetry.own_secrets import KEPT, OwnSecrets
from tests.server.telemetry.captured import Captured, capturing

log = logging.getLogger("some.library")


async def look(watching: WatchList) -> None:
    """Have the one secret looked at, and wait for it."""
    (watched,) = watching._watched
    watched._next_look = watched._look_every_s = 0.0
    await watched.fresh()
    assert watched._look is not None
    await asyncio.wait({watched._look})


async def test_a_key_that_came_later_stands_in_no_line_and_neither_does_the_one_before(tmp_path: Path) -> None:
    file, old, new = tmp_path / "key", token_hex(32), token_hex(32)
    file.write_text(old)
    settings = load_settings(env="dev", log_format="json", api_key=f"@{file}")
    watching = WatchList()
    with capturing(tmp_path / "log", settings) as captured:
        assert settings.api_key is not None
        watching.keys(settings.api_key, setting="api_key")
        file.write_text(f"{new}\n{old}")
        await look(watching)
        log.error("%s and %s", old, new)
    assert messages(captured)[-1] == "[masked] and [masked]"
    assert new not in captured.text


def messages(captured: Captured) -> list[str]:
    return [line["message"] for line in captured.lines]


async def test_after_many_rotations_the_last_few_are_masked_and_what_was_refused_is_no_reason_to_forget_one(
    tmp_path: Path,
) -> None:
    file, keys = tmp_path / "key", [token_hex(32) for _ in range(3 * KEPT)]
    file.write_text(keys[0])
    settings, hidden, watching = load_settings(env="dev", api_key=f"@{file}"), list[list[str]](), WatchList()
    OwnSecrets(settings, lambda secrets: hidden.append(list(secrets)))
    assert settings.api_key is not None
    watching.keys(settings.api_key, setting="api_key")
    for text in (*keys[1:], *(["too short"] * KEPT)):
        file.write_text(text)
        await look(watching)
    assert hidden[0] == keys[:1]
    assert hidden[-1] == keys[-KEPT:]


def test_of_an_address_the_whole_and_its_parts_are_masked_and_a_key_is_no_address_whatever_it_looks_like() -> None:
    address = "redis://longuser:p%40ssword-long@cache:6379/0?password=a%20third-one"  # pragma: allowlist secret
    key, hidden = "x://user:" + "0f1e2d3c" * 5 + "[@h/", list[list[str]]()  # pragma: allowlist secret
    OwnSecrets(
        load_settings(env="dev", api_key=key, rate_limit_store=address), lambda secrets: hidden.append(list(secrets))
    )
    parts = {"longuser", "p%40ssword-long", "p@ssword-long", "a%20third-one", "a third-one"}
    assert {key, address, *parts} <= {*hidden[0]}


def test_once_forgotten_nobody_is_told(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("the-first-token")
    settings, hidden = load_settings(env="dev", vault_token=f"@{file}"), list[object]()
    own = OwnSecrets(settings, hidden.append)
    token = settings.vault_token
    assert isinstance(token, Held)
    token.tell("the-next-token")
    own.forget()
    token.tell("the-last-token")
    assert hidden == [["the-first-token"], ["the-first-token", "the-next-token"]]
