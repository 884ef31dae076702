"""Settings are checked whole before anything starts, and production fails closed."""

import json
from pathlib import Path
from typing import Any

import pytest

from mfn_server.config.environments import CONFIGS, Environment
from mfn_server.config.loading import InvalidSettings, load_settings, misspelt
from mfn_server.config.settings import SECTIONS, Settings
from tests.server.config.loading import COMPLETE, loaded, refused


def test_without_a_word_it_is_production(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, **COMPLETE).env is Environment.PROD


@pytest.mark.parametrize("name", ["production", "PROD", "test", "../dev", "", "dev "])
def test_an_unknown_environment_refuses_to_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert refused(monkeypatch, MFN_ENV=name, **COMPLETE) == {"MFN_ENV": "Input should be 'dev', 'staging' or 'prod'"}
    monkeypatch.delenv("MFN_TRANSPORT_SECURITY")
    monkeypatch.delenv("MFN_API_KEY")
    assert list(refused(monkeypatch)) == ["MFN_ENV"]  # what the environment would have decided is not judged


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.json")), ids=lambda path: path.stem)
def test_every_file_of_settings_belongs_to_an_environment_and_is_in_force_there(
    monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    stated = json.loads(path.read_text())
    enough = {} if path.stem == "dev" else COMPLETE
    found = loaded(monkeypatch, MFN_ENV=path.stem, **enough)
    assert found.env == path.stem
    given = {name: value for name, value in stated.items() if f"MFN_{name.upper()}" not in enough}
    assert given
    assert {name: getattr(found, name) for name in given} == given


def test_every_environment_has_its_file() -> None:
    assert {path.stem for path in CONFIGS.glob("*.json")} == set(Environment)


def test_a_variable_goes_before_the_file_and_an_argument_before_both(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, MFN_ENV="dev").drain_grace_s == 5
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_DRAIN_GRACE_S="7").drain_grace_s == 7
    assert load_settings(drain_grace_s=8).drain_grace_s == 8


def test_an_argument_chooses_the_environments_file_too() -> None:
    assert load_settings(env="dev").drain_notice_s == 0


@pytest.mark.parametrize("env", ["prod", "staging"])
def test_outside_dev_calls_are_guarded_by_default_and_the_door_is_not_open(
    monkeypatch: pytest.MonkeyPatch, env: str
) -> None:
    faults = refused(monkeypatch, MFN_ENV=env)
    assert set(faults) == {"MFN_TLS_CERT_FILE", "MFN_TLS_KEY_FILE", "MFN_API_KEY_REQUIRED", "MFN_RESUME_TOKEN_KEY"}
    assert faults["MFN_RESUME_TOKEN_KEY"].startswith(f"is required in {env} unless MFN_STATE_DIR is set")
    found = loaded(monkeypatch, MFN_ENV=env, **COMPLETE)
    assert (found.api_key_required, found.rate_limit_enabled, found.metrics_port) == (True, True, 9464)


def test_a_shared_directory_stands_in_for_the_token_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    enough = COMPLETE | {"MFN_RESUME_TOKEN_KEY": "none", "MFN_STATE_DIR": str(tmp_path)}
    assert loaded(monkeypatch, **enough).resume_token_key is None


def test_dev_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, MFN_ENV="dev").api_key is None


def test_all_faults_are_told_at_once_each_under_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    faulty = {
        "MFN_HOST": "here",
        "MFN_PORT": "65536",
        "MFN_COMPUTE_THREADS": "many",
        "MFN_SLICE_MS": "51",
        "MFN_MAX_RUNNING": "0",
        "MFN_CHECKPOINT_S": "nan",
        "MFN_MAX_UNARY_S": "inf",
        "MFN_RATE_LIMIT_READ": "often",
        "MFN_CLIENT_IDENTITIES": "{",
        "MFN_TRUST_PROXY_HEADERS": "true",
    }
    between = ["MFN_TRUSTED_PROXIES", "MFN_TLS_CERT_FILE", "MFN_TLS_KEY_FILE", "MFN_RESUME_TOKEN_KEY"]
    expected = {*faulty, *between} - {"MFN_TRUST_PROXY_HEADERS"}
    assert set(refused(monkeypatch, **faulty)) == expected


def bounds(name: str) -> list[Any]:
    return [each for each in Settings.model_fields[name].metadata if hasattr(each, "ge") or hasattr(each, "le")]


def test_every_number_has_a_range_and_every_setting_a_description() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description
        if field.annotation in {int, float}:
            assert bounds(name), name


def test_secrets_are_masked_wherever_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "correct-horse-battery-staple-0123456789"  # pragma: allowlist secret
    found = loaded(monkeypatch, MFN_ENV="dev", MFN_API_KEY=secret, MFN_RESUME_TOKEN_KEY=secret[::-1])
    assert found.api_key is not None
    assert found.api_key.get_secret_value() == secret
    for text in (repr(found), str(found), found.model_dump_json(), str(found.model_dump())):
        assert secret not in text
        assert secret[::-1] not in text


def test_keys_that_cannot_seal_are_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    short = "ab" * 31
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_FEDERATION_KEYS=f"k1:{short}")
    assert "entry 1 has no usable key" in faults["MFN_FEDERATION_KEYS"]
    assert short not in str(faults)
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
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_STATE_DIR=str(file / "below"))
    assert faults == {"MFN_STATE_DIR": f"must be a directory that can be written; {file} is not"}
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_STATE_DIR=str(tmp_path / "new" / "deep")).state_dir


def test_the_word_none_undoes_what_the_file_sets_where_a_setting_may_be_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, MFN_METRICS_PORT="none", MFN_TRACE_EXPORTER="none", **COMPLETE).metrics_port is None
    assert list(refused(monkeypatch, MFN_PORT="none")) == ["MFN_PORT"]


def test_every_setting_belongs_to_one_section() -> None:
    names = [name for section in SECTIONS for name in section.model_fields]
    assert sorted(names) == sorted(Settings.model_fields)


def test_a_variable_that_is_nearly_a_setting_is_noticed() -> None:
    seen = ["MFN_PROT", "MFN_WORKER", "MFN_PORT", "MFN_SERVER", "MFN_REQUIRE_ALL", "PATH"]
    assert misspelt(seen) == {"MFN_PROT": "MFN_PORT", "MFN_WORKER": "MFN_WORKERS"}
