"""How lists, objects and secrets are written in variables."""

import os
from pathlib import Path

import pytest

from tests.server.config.loading import loaded, refused


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.0.0.0/8,::1", ["10.0.0.0/8", "::1/128"]),
        (' ["10.0.0.0/8", "::1"]', ["10.0.0.0/8", "::1/128"]),
        ("10.1.2.3/8, ", ["10.0.0.0/8"]),
        ("", []),
    ],
)
def test_a_list_is_json_or_words_between_commas(
    monkeypatch: pytest.MonkeyPatch, written: str, meant: list[str]
) -> None:
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_TRUSTED_PROXIES=written).trusted_proxies == meant


@pytest.mark.parametrize("written", ["[", "[1]", '[{"a": 1}]'])
def test_a_list_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    assert list(refused(monkeypatch, MFN_ENV="dev", MFN_CORS_ORIGINS=written)) == ["MFN_CORS_ORIGINS"]


@pytest.mark.parametrize("written", ["", "{", "[]", '{"a": "read"}', '{"a": ["reed"]}', '{"a": []}', '{"": ["read"]}'])
def test_identities_are_a_json_object_of_known_scopes(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    assert list(refused(monkeypatch, MFN_ENV="dev", MFN_CLIENT_IDENTITIES=written)) == ["MFN_CLIENT_IDENTITIES"]


def test_a_secret_is_taken_from_the_file_that_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("# made on a Monday\n" + "0f" * 16 + "\n\n")
    found = loaded(monkeypatch, MFN_ENV="dev", MFN_API_KEY=f"@{file}")
    assert found.api_key is not None
    assert found.api_key.get_secret_value() == "0f" * 16


def test_several_federation_keys_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# newest first\nk2:{'0f' * 32}\n  # the one before\nk1:{'0e' * 32}\n")
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_FEDERATION_KEYS=f"@{file}").federation_keys is not None


def test_a_file_of_a_secret_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_API_KEY=f"@{tmp_path / 'missing'}")
    assert f"{tmp_path / 'missing'} cannot be read: no such file or directory" in faults["MFN_API_KEY"]


def test_a_pipe_is_no_file_of_a_secret_and_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_API_KEY=f"@{tmp_path / 'pipe'}")
    assert f"{tmp_path / 'pipe'} is no regular file" in faults["MFN_API_KEY"]


def test_a_file_of_a_secret_that_everybody_may_change_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text("0f" * 16)
    file.chmod(0o602)
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_API_KEY=f"@{file}")
    assert "may be changed by everybody" in faults["MFN_API_KEY"]
    file.chmod(0o600)
    assert loaded(monkeypatch).api_key
