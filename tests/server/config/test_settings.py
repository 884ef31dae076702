"""Settings are checked whole before anything starts, and production fails closed."""

import json
from pathlib import Path
from typing import Any

import pytest

from mfn_server.config import CONFIGS, Environment, InvalidSettings, Settings, describe, load_settings, misspelt

KEY = "k" * 32
COMPLETE = {"MFN_API_KEY": KEY, "MFN_RESUME_TOKEN_KEY": KEY}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MFN_{name.upper()}", raising=False)


def loaded(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def refused(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    """What the operator reads."""
    with pytest.raises(InvalidSettings) as caught:
        loaded(monkeypatch, **variables)
    return f"{caught.value}\n"


def test_without_a_word_it_is_production(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, **COMPLETE).env is Environment.PROD


@pytest.mark.parametrize("name", ["production", "PROD", "test", "../dev", "", "dev "])
def test_an_unknown_environment_refuses_to_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text = refused(monkeypatch, MFN_ENV=name, **COMPLETE)
    assert "MFN_ENV: " in text
    assert "'dev', 'staging' or 'prod'" in text


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.json")), ids=lambda path: path.stem)
def test_every_file_of_settings_belongs_to_an_environment_and_is_in_force_there(
    monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    stated = json.loads(path.read_text())
    found = loaded(monkeypatch, MFN_ENV=path.stem, **COMPLETE)
    assert found.env == path.stem
    assert stated
    assert {name: getattr(found, name) for name in stated} == stated


def test_every_environment_has_its_file() -> None:
    assert {path.stem for path in CONFIGS.glob("*.json")} == set(Environment)


def test_a_variable_goes_before_the_file_and_an_argument_before_both(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, MFN_ENV="dev").drain_grace_s == 5
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_DRAIN_GRACE_S="7").drain_grace_s == 7
    assert load_settings(drain_grace_s=8).drain_grace_s == 8


def test_an_argument_chooses_the_environments_file_too() -> None:
    assert load_settings(env="dev").drain_notice_s == 0


@pytest.mark.parametrize("env", ["prod", "staging"])
def test_outside_dev_the_keys_are_required(monkeypatch: pytest.MonkeyPatch, env: str) -> None:
    text = refused(monkeypatch, MFN_ENV=env)
    assert f"MFN_API_KEY: is required in {env}\n" in text
    assert f"MFN_RESUME_TOKEN_KEY: is required in {env} unless MFN_STATE_DIR is set\n" in text


def test_a_shared_directory_stands_in_for_the_token_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert loaded(monkeypatch, MFN_API_KEY=KEY, MFN_STATE_DIR=str(tmp_path)).resume_token_key is None


def test_dev_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, MFN_ENV="dev").api_key is None


@pytest.mark.parametrize("name", ["MFN_API_KEY", "MFN_RESUME_TOKEN_KEY"])
def test_a_short_key_is_refused_with_a_way_to_make_a_better_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text = refused(monkeypatch, **(COMPLETE | {name: "x" * 31}))
    assert f"{name}: must have at least 32 characters" in text
    assert "x" * 31 not in text


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.0.1", "8.8.8.8", "example.org", "", "localhost.example.org"]
)
def test_an_address_beyond_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert "MFN_HOST: " in refused(monkeypatch, MFN_HOST=host, **COMPLETE)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_a_loopback_address_is_taken(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert loaded(monkeypatch, MFN_HOST=host, **COMPLETE).host == host


def test_all_faults_are_told_at_once_each_under_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = {
        "MFN_HOST": "0.0.0.0",
        "MFN_PORT": "65536",
        "MFN_WORKERS": "many",
        "MFN_SLICE_MS": "51",
        "MFN_MAX_RUNNING": "0",
        "MFN_CHECKPOINT_S": "nan",
    }
    text = refused(monkeypatch, **faulty)
    named = [line.split(":")[0].strip() for line in text.splitlines()[1:]]
    assert sorted(named) == sorted([*faulty, "MFN_API_KEY", "MFN_RESUME_TOKEN_KEY"])


def bounds(name: str) -> list[Any]:
    return [each for each in Settings.model_fields[name].metadata if hasattr(each, "ge") or hasattr(each, "le")]


def test_every_number_has_a_range_and_every_setting_a_description() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description
        if field.annotation in {int, float}:
            assert bounds(name), name


def test_secrets_are_masked_wherever_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "correct-horse-battery-staple-0123456789"  # pragma: allowlist secret
    found = loaded(monkeypatch, MFN_API_KEY=secret, MFN_RESUME_TOKEN_KEY=secret)
    assert found.api_key is not None
    assert found.api_key.get_secret_value() == secret
    for text in (repr(found), str(found), found.model_dump_json(), str(found.model_dump())):
        assert secret not in text


def test_keys_that_cannot_seal_are_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    short = "ab" * 31
    text = refused(monkeypatch, MFN_ENV="dev", MFN_FEDERATION_KEYS=f"k1:{short}")
    assert "MFN_FEDERATION_KEYS: entry 1 has no usable key" in text
    assert short not in text
    found = loaded(monkeypatch, MFN_ENV="dev", MFN_FEDERATION_KEYS=f"k1:{short}ab")
    assert short not in repr(found)


def test_settings_cannot_change_once_made() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings(env="dev").port = 1


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="MFN_PROT"):
        load_settings(env="dev", prot=1)


def test_a_state_directory_that_cannot_be_one_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert f"MFN_STATE_DIR: must be a directory that can be written; {file} is not" in refused(
        monkeypatch, MFN_ENV="dev", MFN_STATE_DIR=str(file / "below")
    )
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_STATE_DIR=str(tmp_path / "new" / "deep")).state_dir


def test_a_variable_that_is_nearly_a_setting_is_noticed() -> None:
    seen = ["MFN_PROT", "MFN_WORKER", "MFN_PORT", "MFN_SERVER", "MFN_REQUIRE_ALL", "PATH"]
    assert misspelt(seen) == {"MFN_PROT": "MFN_PORT", "MFN_WORKER": "MFN_WORKERS"}


def test_the_description_tells_every_variable_its_range_and_default() -> None:
    lines = {line.split()[0]: line for line in describe().splitlines()}
    assert set(lines) == {f"MFN_{name.upper()}" for name in Settings.model_fields}
    assert lines["MFN_PORT"].endswith("0 takes a free one, 0 to 65,535 (default: 50,051)")
    assert lines["MFN_ARRAY_TTL_S"].endswith(", 60 or more (default: 3,600)")
    assert lines["MFN_STATE_DIR"].endswith("(default: none)")
