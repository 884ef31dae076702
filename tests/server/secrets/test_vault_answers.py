"""Answers of Vault that are none to rely on, and when the server logs in again."""

import ssl
from pathlib import Path

import pytest

from mfn_server.config.loading import InvalidSettings, load_settings
from mfn_server.secrets.sources import vault_entry
from mfn_server.secrets.sources.vault import Vault, VaultAccess
from mfn_server.secrets.sources.vault_login import KubernetesLogin
from mfn_server.secrets.sources.vault_session import MOST_BYTES, VaultSession
from mfn_server.secrets.stores import close_stores
from tests.server.secrets.test_vault import source
from tests.server.secrets.vault_standin import PROOF, ROLE, VaultStandIn, standing_in


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    file = tmp_path / "proof"
    file.write_text(PROOF)
    return file


@pytest.fixture
def pod(vault: VaultStandIn, proof: Path) -> Vault:
    """A pod that has logged in and read a secret."""
    vault.put("secret/mfn", pepper="one")
    found = Vault(VaultAccess(vault.address, None, None, KubernetesLogin(ROLE, "kubernetes", proof)))
    assert found.read("secret/mfn") == {"pepper": "one"}
    return found


def test_neither_a_policy_nor_an_outage_makes_the_pod_log_in_again(
    vault: VaultStandIn, pod: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_entry, "LOGIN_EVERY_S", 0.0)
    vault.put("secret/others", pepper="x")
    vault.denied.add("secret/others")
    for _ in range(3):
        with pytest.raises(OSError, match=r"refuses \(403\)"):
            pod.read("secret/others")
        vault.instead = 500, {}, b"{}"
        with pytest.raises(OSError, match="cannot serve now: InternalServerError"):
            pod.read("secret/mfn")
        vault.instead = None
        assert pod.read("secret/mfn") == {"pepper": "one"}
    assert vault.logins == 1


def test_a_token_that_is_refused_soon_after_the_login_is_replaced_at_the_next_interval_only(
    vault: VaultStandIn, pod: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.tokens.clear()
    for _ in range(3):
        with pytest.raises(OSError, match="403"):
            pod.read("secret/mfn")
    assert vault.logins == 1
    monkeypatch.setattr(vault_entry, "LOGIN_EVERY_S", 0.0)
    assert pod.read("secret/mfn") == {"pepper": "one"}
    assert vault.logins == 2


def test_a_token_of_an_own_login_ends_with_the_session_and_the_next_reading_gets_another(
    vault: VaultStandIn, pod: Vault
) -> None:
    pod.close()
    assert "pod-token-1" not in vault.tokens
    assert pod.read("secret/mfn") == {"pepper": "one"}
    assert "pod-token-2" in vault.tokens


def test_the_token_follows_no_redirect(vault: VaultStandIn) -> None:
    with standing_in() as other:
        vault.instead = 307, {"Location": f"{other.address}/v1/secret/data/mfn"}, b""
        with pytest.raises(OSError, match="a redirect, which is not followed"):
            source(vault).look()
        assert other.asked == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        *((body, "cannot be understood") for body in (b"{}", b"null", b"[1]", b"7", b"<html>swordfish</html>")),
        (b'{"data": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "cannot be understood: RecursionError"),
        (b" " * (MOST_BYTES + 1), "more than 1048576 bytes"),
    ],
    ids=["empty", "null", "list", "number", "page", "deep", "large"],
)
def test_a_wrong_answer_is_one_fault_of_the_start_among_the_others(vault: VaultStandIn, body: bytes, told: str) -> None:
    vault.instead = 200, {}, body
    access = {"vault_address": vault.address, "vault_token": "root-token"}
    with pytest.raises(InvalidSettings, match=told) as caught:
        load_settings(
            env="dev",
            api_key="vault:secret/mfn#key",  # pragma: allowlist secret
            resume_token_key="short",
            **access,
        )
    assert "MFN_RESUME_TOKEN_KEY: must have at least" in str(caught.value)
    assert "swordfish" not in str(caught.value)


def test_half_a_character_is_a_fault_that_shows_nothing(vault: VaultStandIn) -> None:
    vault.put("secret/mfn", pepper="swordfish\ud800")
    with pytest.raises(ValueError, match="half a character") as caught:
        source(vault).look()
    assert "swordfish" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_each_loading_of_settings_logs_in_once_for_all_its_secrets_and_ends_that_alone(
    vault: VaultStandIn, proof: Path
) -> None:
    vault.put("secret/mfn", key="0f1e2d3c" * 8, seal="9a8b7c6d" * 8)
    given = {
        "vault_address": vault.address,
        "vault_kubernetes_role": ROLE,
        "vault_kubernetes_token_file": proof,
        "api_key": "vault:secret/mfn#key",  # pragma: allowlist secret
        "resume_token_key": "vault:secret/mfn#seal",
    }
    first, _ = (load_settings(env="dev", **given) for _ in range(2))
    assert vault.logins == 2
    close_stores(first)
    assert vault.tokens == {"root-token", "pod-token-2"}


def test_certificates_are_checked_by_the_file_of_the_settings_or_the_systems_and_no_variable_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/none")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    system, own = VaultSession(None, 1.0), VaultSession(tmp_path / "ca.pem", 1.0)
    paths = ssl.get_default_verify_paths()
    assert system.verify in {paths.cafile, paths.capath, True}
    assert own.verify == str(tmp_path / "ca.pem")
    used = own.merge_environment_settings("https://vault.example.org", {}, None, None, None)
    assert (used["verify"], dict(used["proxies"])) == (str(tmp_path / "ca.pem"), {})


def test_a_reference_that_would_ask_for_something_else_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="is no reference to Vault"):
        load_settings(env="dev", api_key="vault:secret/mfn?version=1#key")  # pragma: allowlist secret
