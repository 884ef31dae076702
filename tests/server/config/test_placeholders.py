"""Keys that were typed or left over are told from keys that were drawn."""

import base64
import os
import secrets

import pytest

from mfn_server.config.placeholders import is_placeholder
from tests.server.config.loading import COMPLETE, loaded, refused

MADE_UP = [
    "changeme-changeme-changeme-12345",
    "CHANGE_ME_before_you_start_4f9a1",
    "my-Secret-phrase-94hf83hf7wq28dj",
    "4f9ad82c-password-93jf8w2hd7s6g5",
    "s3cr3t-for-the-example-server-17",
    "<put 32 random characters here!>",
    "${API_KEY_OF_OUR_PRODUCTION_ENV}",
    "your-api-key-goes-here-9f8a7s6d5",
    "test-9f8a7s6d5f4g3h2j1k0l9z8x7c6",  # pragma: allowlist secret
    "k" * 32,
    "abcdabceabcdabceabcdabceabcdabce",
    "0123456789abcdef0123456789abcdef",  # pragma: allowlist secret
    "abcdefghijklmnopqrstuvwxyz012345",
    bytes(range(32)).hex(),
    base64.b64encode(b"changeme-changeme-changeme-4f9a1").decode(),
]


@pytest.mark.parametrize("text", MADE_UP)
def test_what_somebody_made_up_is_a_placeholder(text: str) -> None:
    assert is_placeholder(text)


def test_what_was_drawn_at_random_is_none() -> None:
    drawn = [secrets.token_hex(16), secrets.token_urlsafe(32), base64.b64encode(os.urandom(32)).decode()]
    assert [key for key in drawn if is_placeholder(key)] == []


def test_symbols_in_a_random_password_are_no_marks_of_a_template() -> None:
    assert not is_placeholder("vT<9q)w[4Lr>zP]2{xK8}mB(6s$dN7yh")


SECRETS = {
    "MFN_API_KEY": MADE_UP[0],
    "MFN_API_KEY_PEPPER": MADE_UP[1],
    "MFN_RESUME_TOKEN_KEY": MADE_UP[9],
    "MFN_FEDERATION_KEYS": f"good:{secrets.token_hex(32)},bad:{bytes(range(32)).hex()}",
    "MFN_RATE_LIMIT_STORE": "redis://:changeme@127.0.0.1:6379/0",  # pragma: allowlist secret
}


@pytest.mark.parametrize("env", ["staging", "prod"])
def test_outside_dev_every_secret_must_be_random_and_none_is_repeated(
    monkeypatch: pytest.MonkeyPatch, env: str
) -> None:
    faults = refused(monkeypatch, MFN_ENV=env, **(COMPLETE | SECRETS))
    assert set(faults) == set(SECRETS)
    assert all("placeholder" in text and "openssl rand" in text for text in faults.values())
    assert "the key of entry 2" in faults["MFN_FEDERATION_KEYS"]
    assert not [text for text in faults.values() for secret in SECRETS.values() if secret in text]
    assert "changeme" not in str(faults)


def test_dev_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, MFN_ENV="dev", **SECRETS).api_key is not None


@pytest.mark.parametrize("name", ["MFN_API_KEY", "MFN_API_KEY_PEPPER", "MFN_RESUME_TOKEN_KEY"])
def test_a_short_key_is_refused_everywhere_with_a_way_to_make_a_better_one(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    short = secrets.token_hex(16)[:31]
    faults = refused(monkeypatch, MFN_ENV="dev", **{name: short})
    assert faults == {name: "must have at least 32 characters; make one with: openssl rand -hex 32"}
