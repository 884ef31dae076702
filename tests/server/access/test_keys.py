"""API keys: which let callers in, and what is said of those that do not."""

import re
from datetime import timedelta
from pathlib import Path
from time import time
from types import SimpleNamespace
from typing import Any

import pytest

from mfn_server.access.authenticator import ALL_SCOPES, Refused
from mfn_server.access.key_format import digest_of
from mfn_server.access.keys import ApiKeys, SingleKey
from mfn_server.access.managing import create, revoke
from mfn_server.rpc.call import Identity
from mfn_server.rpc.methods import Scope
from tests.server.access.calls import Recorded, Reloaded, call_with
from tests.server.access.reading import api_keys

PEPPER = b"p" * 32


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def make(file: Path, principal: str = "ann", lifetime: timedelta | None = None) -> str:
    return create(file, PEPPER, principal, ["simulate", "read"], lifetime, Recorded())


def keys_of(file: Path, **options: float) -> ApiKeys:
    at = options.get("at")
    return api_keys(file, PEPPER, now=time if at is None else lambda: at)


async def flaw_of(keys: ApiKeys, key: str) -> tuple[str, str, str]:
    """What is wrong, what the caller is told, and which key the audit names."""
    with pytest.raises(Refused) as caught:
        await keys.authenticate(call_with(x_api_key=key))
    return caught.value.flaw, caught.value.message, caught.value.credential


async def test_a_key_speaks_for_its_principal_either_way_it_is_sent(file: Path) -> None:
    key = make(file)
    expected = Identity("ann", frozenset({Scope.SIMULATE, Scope.READ}), f"key:{key[4:16]}")
    keys = keys_of(file)
    assert await keys.authenticate(call_with(x_api_key=key)) == expected
    assert await keys.authenticate(call_with(authorization=f"Bearer {key}")) == expected


def test_a_key_has_an_id_and_256_random_bits_of_which_the_file_holds_a_digest_under_the_pepper(file: Path) -> None:
    key = make(file)
    assert re.fullmatch(r"mfn_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", key)
    content = file.read_text()
    assert digest_of(key, PEPPER).hex() in content
    assert key[17:] not in content
    assert digest_of(key, b"q" * 32).hex() not in content


async def test_wrong_keys_are_refused_in_one_sentence_whether_or_not_their_id_exists(file: Path) -> None:
    key, other = make(file), make(file)
    same_id, stolen_secret = key[:17] + "A" * 43, key[:17] + other[17:]
    wrong = [same_id, stolen_secret, "mfn_0123456789ab_" + key[17:], "mfn_", key[:-1], f"{key}A", "mfn_é"]
    keys = keys_of(file)
    found = [await flaw_of(keys, each) for each in wrong]
    assert {(flaw, message) for flaw, message, _ in found} == {("invalid", "the API key is not valid here")}
    assert [credential for *_, credential in found[:3]] == [f"key:{key[4:16]}", f"key:{key[4:16]}", "none"]


async def test_a_key_under_another_pepper_does_not_hold(file: Path) -> None:
    key = make(file)
    keys = api_keys(file, b"q" * 32)
    assert (await flaw_of(keys, key))[0] == "invalid"


async def test_a_key_expires_while_the_server_runs(file: Path) -> None:
    key = make(file, lifetime=timedelta(hours=1))
    before, after = keys_of(file, at=time() + 3590), keys_of(file, at=time() + 3601)
    assert await before.authenticate(call_with(x_api_key=key)) is not None
    assert (await flaw_of(after, key))[:2] == ("expired", "the API key has expired")


async def test_a_key_that_is_revoked_or_added_counts_at_once_without_a_restart_and_the_audit_tells(file: Path) -> None:
    old = make(file)
    audit, reloads = Recorded(), Reloaded()
    keys = api_keys(file, PEPPER, audit, reloads)
    new = make(file)
    for key in (old, new):  # both hold while callers change from one to the other
        assert await keys.authenticate(call_with(x_api_key=key)) is not None
    revoke(file, old[4:16], Recorded())
    assert (await flaw_of(keys, old))[:2] == ("revoked", "the API key has been revoked")
    assert await keys.authenticate(call_with(x_api_key=new)) is not None
    told = [("key.reloaded", {"count": 2, "revoked_count": revoked}) for revoked in (0, 1)]
    assert (audit.events, reloads.counted) == (told, [("api_keys_file", True)] * 2)


async def test_a_right_key_costs_its_digest_once_and_a_wrong_one_each_time(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make(file)
    keys, made = keys_of(file), list[str]()

    def counting(key: str, pepper: bytes) -> bytes:
        made.append(key)
        return digest_of(key, pepper)

    monkeypatch.setattr("mfn_server.access.keys.digest_of", counting)
    wrong = key[:-1]
    for _ in range(3):
        assert await keys.authenticate(call_with(x_api_key=key)) is not None
        await flaw_of(keys, wrong)
    assert made == [key, wrong, wrong, wrong]


async def test_a_key_that_was_right_expires_all_the_same(file: Path) -> None:
    key, now = make(file, lifetime=timedelta(hours=1)), [time()]
    keys = api_keys(file, PEPPER, now=lambda: now[0])
    assert await keys.authenticate(call_with(x_api_key=key)) is not None
    now[0] += 3601
    assert (await flaw_of(keys, key))[0] == "expired"


async def test_a_key_that_was_right_does_not_hold_once_its_pepper_is_another(file: Path) -> None:
    key = make(file)
    keys = keys_of(file)
    peppers: Any = SimpleNamespace(current=(PEPPER.decode(),))
    keys._peppers = peppers
    assert await keys.authenticate(call_with(x_api_key=key)) is not None
    peppers.current = ("q" * 32,)
    assert (await flaw_of(keys, key))[0] == "invalid"


async def test_no_more_keys_than_so_many_are_remembered(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfn_server.access.keys.MOST_PROVEN", 2)
    keys = [make(file) for _ in range(3)]
    known = keys_of(file)
    for key in (*keys, *keys):
        assert await known.authenticate(call_with(x_api_key=key)) is not None
    assert len(known._proven._entries) == 2


async def test_an_unknown_id_costs_the_digest_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(file)
    keys, made = keys_of(file), list[str]()

    def counting(key: str, pepper: bytes) -> bytes:
        made.append(key)
        return digest_of(key, pepper)

    monkeypatch.setattr("mfn_server.access.keys.digest_of", counting)
    unknown = "mfn_000000000000_secret"
    await flaw_of(keys, unknown)
    assert made == [unknown]


async def test_the_single_key_may_do_everything_and_leaves_other_texts_to_others() -> None:
    key = SingleKey("k" * 32)
    assert await key.authenticate(call_with(x_api_key="k" * 32)) == Identity("default", ALL_SCOPES, "key:default")
    for other in ("k" * 31, "k" * 33, "K" * 32, "", "é" * 32):
        assert await key.authenticate(call_with(x_api_key=other)) is None


async def test_what_is_no_key_of_the_file_is_left_to_others(file: Path) -> None:
    key = make(file)
    keys = keys_of(file)
    assert await keys.authenticate(call_with()) is None
    assert await keys.authenticate(call_with(x_api_key=key.upper())) is None
    assert await keys.authenticate(call_with(authorization="Bearer a.b.c")) is None


async def test_each_of_several_single_keys_holds_until_it_is_taken_out() -> None:
    key = SingleKey("n" * 32, "o" * 32)
    assert await key.authenticate(call_with(x_api_key="o" * 32)) is not None
    key.use(["n" * 32])
    assert await key.authenticate(call_with(x_api_key="o" * 32)) is None
    assert await key.authenticate(call_with(x_api_key="n" * 32)) is not None
