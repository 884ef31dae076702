"""Secrets of Vault: read, read again, and what is said when they are not."""

from pathlib import Path
from typing import Any

import pytest

from mfn_server.secrets.held import literal, read
from mfn_server.secrets.references import VaultReference
from mfn_server.secrets.sources import vault as vault_module
from mfn_server.secrets.sources import vault_entry
from mfn_server.secrets.sources.file import FileSource
from mfn_server.secrets.sources.vault import Vault, VaultAccess, VaultSource
from mfn_server.secrets.sources.vault_login import KubernetesLogin, Login, TokenLogin
from tests.server.secrets.vault_standin import PROOF, ROLE, VaultStandIn
from tests.server.secrets.vaults import ROOT, AnyVault

PEPPER = VaultReference("secret/mfn", "pepper")


def source(vault: AnyVault, reference: VaultReference = PEPPER, login: Login | None = None) -> VaultSource:
    access = VaultAccess(vault.address, None, None, login or TokenLogin(literal(ROOT)))
    return VaultSource(Vault(access), reference, 60.0)


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another login may follow the last one without a pause."""
    monkeypatch.setattr(vault_entry, "LOGIN_EVERY_S", 0.0)


@pytest.mark.parametrize("mount", ["secret", "old"])
def test_a_field_is_read_and_counts_as_new_only_when_it_is(any_vault: AnyVault, mount: str) -> None:
    vault = any_vault
    vault.put(f"{mount}/mfn", pepper="one", other="x")
    pepper = source(vault, VaultReference(f"{mount}/mfn", "pepper"))
    found = pepper.look()
    assert found is not None
    assert found.content == b"one"
    vault.put(f"{mount}/mfn", pepper="one", other="y")
    assert pepper.look(found.stamp) is None
    vault.put(f"{mount}/mfn", pepper="two")
    newer = pepper.look(found.stamp)
    assert newer is not None
    assert newer.content == b"two"


@pytest.mark.usefixtures("_at_once")
def test_a_pod_logs_in_by_its_role_once_and_again_when_its_token_has_expired(
    vault: VaultStandIn, tmp_path: Path
) -> None:
    proof = tmp_path / "token"
    proof.write_text(f"{PROOF}\n")
    vault.put("secret/mfn", pepper="one")
    pepper = source(vault, login=KubernetesLogin(ROLE, "kubernetes", proof))
    assert [pepper.look() is not None for _ in range(3)] == [True] * 3
    assert vault.logins == 1
    vault.tokens.clear()
    assert pepper.look() is not None
    assert vault.logins == 2


@pytest.mark.usefixtures("_at_once")
def test_a_token_in_a_file_is_read_again_when_vault_refuses_the_last(any_vault: AnyVault, tmp_path: Path) -> None:
    file, first = tmp_path / "token", any_vault.new_token()
    file.write_text(first)
    any_vault.put("secret/mfn", pepper="one")
    pepper = source(any_vault, login=TokenLogin(read(FileSource(file), "@token")))
    assert pepper.look() is not None
    any_vault.revoke(first)
    with pytest.raises(OSError, match="403"):
        pepper.look()
    file.write_text(any_vault.new_token())
    assert pepper.look() is not None


@pytest.mark.usefixtures("_at_once")
def test_a_login_is_proven_by_the_service_accounts_token_of_now(vault: VaultStandIn, tmp_path: Path) -> None:
    proof = tmp_path / "token"
    proof.write_text(PROOF)
    vault.put("secret/mfn", pepper="one")
    pepper = source(vault, login=KubernetesLogin(ROLE, "kubernetes", proof))
    assert pepper.look() is not None
    vault.proof = "the-kubelets-next-proof"
    vault.tokens.clear()
    with pytest.raises(OSError, match="403"):
        pepper.look()
    proof.write_text(vault.proof)
    assert pepper.look() is not None
    assert vault.logins == 2


@pytest.mark.parametrize(
    ("reference", "fields", "told"),
    [
        (VaultReference("secret/none", "pepper"), {"pepper": "swordfish"}, "no secret at secret/none"),
        (VaultReference("secret/mfn", "none"), {"pepper": "swordfish"}, "no field 'none'; it has pepper"),
        (VaultReference("secret/mfn", "pepper"), {"pepper": 7}, "no text in its field 'pepper'"),
    ],
)
def test_a_secret_or_field_that_there_is_not_is_named_and_no_content_is(
    any_vault: AnyVault, reference: VaultReference, fields: dict[str, Any], told: str
) -> None:
    any_vault.put("secret/mfn", **fields)
    with pytest.raises(ValueError, match=told) as caught:
        source(any_vault, reference).look()
    assert "swordfish" not in str(caught.value)


def test_what_vault_refuses_or_leaves_unanswered_is_told_without_the_token(
    vault: VaultStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("wrong-proof")
    for login in (TokenLogin(literal("wrong-token")), KubernetesLogin(ROLE, "kubernetes", tmp_path / "token")):
        with pytest.raises(OSError, match="403") as refused:
            source(vault, login=login).look()
        assert "wrong" not in str(refused.value) + repr(source(vault, login=login))
    monkeypatch.setattr(vault_module, "TIMEOUT_S", 0.05)
    vault.prompt.clear()
    with pytest.raises(OSError, match="does not answer: ReadTimeout"):
        source(vault).look()
