"""Somebody can call, and what each kind of credential needs is there."""

import json
from pathlib import Path

import pytest

from tests.server.config.loading import COMPLETE, KEY, loaded, refused

NO_KEY = COMPLETE | {"MFN_API_KEY": "none"}  # pragma: allowlist secret
TOKENS = {"MFN_JWT_ISSUER": "https://id.example.org", "MFN_JWT_AUDIENCE": "mfn"}


@pytest.fixture
def key_set(tmp_path: Path) -> str:
    """A key set, as far as settings look at it."""
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [{"kty": "OKP"}]}))
    return str(file)


def test_a_server_that_nobody_could_call_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no credential to accept" in refused(monkeypatch, **NO_KEY)["MFN_API_KEY_REQUIRED"]
    assert not loaded(monkeypatch, MFN_API_KEY_REQUIRED="false").api_key_required  # pragma: allowlist secret


def test_a_file_of_keys_needs_its_pepper_and_must_be_readable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    assert list(refused(monkeypatch, **NO_KEY, MFN_API_KEYS_FILE=str(file))) == ["MFN_API_KEYS_FILE"]
    file.touch()
    assert list(refused(monkeypatch)) == ["MFN_API_KEY_PEPPER"]
    assert loaded(monkeypatch, MFN_API_KEY_PEPPER=KEY).api_keys_file == file


def test_tokens_need_an_issuer_and_an_audience(monkeypatch: pytest.MonkeyPatch, key_set: str) -> None:
    assert set(refused(monkeypatch, **NO_KEY, MFN_JWT_JWKS_FILE=key_set)) == set(TOKENS)
    assert loaded(monkeypatch, **TOKENS).jwt_audience == "mfn"


def test_an_issuer_without_keys_accepts_nobody_and_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(refused(monkeypatch, **COMPLETE, **TOKENS)) == set(TOKENS)


@pytest.mark.parametrize("name", ["MFN_API_KEYS_FILE", "MFN_JWT_JWKS_FILE"])
def test_a_file_of_keys_that_everybody_may_change_is_refused(
    monkeypatch: pytest.MonkeyPatch, key_set: str, name: str
) -> None:
    Path(key_set).chmod(0o602)
    faults = refused(monkeypatch, **COMPLETE, **TOKENS, **{name: key_set})
    assert "may be changed by everybody" in faults[name]


@pytest.mark.parametrize("name", ["MFN_API_KEY_PEPPER", "MFN_RESUME_TOKEN_KEY", "MFN_FEDERATION_KEYS"])
def test_one_secret_does_not_serve_two_settings(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    written = f"k1:{KEY}" if name == "MFN_FEDERATION_KEYS" else KEY
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_API_KEY=KEY, **{name: written})
    (fault,) = faults.values()
    assert "is the same secret as MFN_" in fault
    assert KEY not in fault
