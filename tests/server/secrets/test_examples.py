"""The examples of docs/examples/secrets, with stores that stand in and secrets that are made here."""

import json
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from mfn_server.cli import register
from mfn_server.config.settings import Settings
from tests.conftest import ROOT
from tests.server.secrets.aws_standin import REGION
from tests.server.secrets.vault_standin import PROOF, VaultStandIn

EXAMPLES = ROOT / "docs" / "examples" / "secrets"
KEYS = json.dumps({"version": 1, "keys": []})


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MFN_{name.upper()}", raising=False)


def contents() -> dict[str, str]:
    """What a store holds, by the names of the examples."""
    pepper, seal, federation, password = (token_hex(32) for _ in range(4))
    ring, url = f"k1:{federation}", f"rediss://:{password}@cache.example.org:6380/0"
    stored = {"api-key-pepper": pepper, "resume-token-key": seal, "federation-keys": ring, "redis-url": url}
    return {"keys.json": KEYS, **stored}


def variables(kind: str) -> dict[str, str]:
    lines = (EXAMPLES / f"{kind}.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def checked(given: dict[str, str]) -> None:
    app = Typer()
    register(app)
    ran = CliRunner().invoke(app, ["config", "check"], env=given | {"MFN_TRANSPORT_SECURITY": "mesh"})
    assert (ran.exit_code, ran.stdout) == (0, "ok\n"), ran.stderr


def test_the_environments_example_holds_once_it_is_filled_in() -> None:
    given = variables("environment")
    assert set(given.values()) == {""}
    checked({name: token_hex(32) for name in given})


def test_the_example_of_files_holds(tmp_path: Path) -> None:
    stored, given = contents(), variables("files")
    for name in (Path(value).name for value in given.values()):
        (tmp_path / name).write_text(stored[name])
    checked({name: value.replace("/run/secrets/mfn", str(tmp_path)) for name, value in given.items()})


def test_vaults_example_holds(vault: VaultStandIn, tmp_path: Path) -> None:
    vault.put("secret/mfn", **contents())
    (tmp_path / "token").write_text(PROOF)
    given = variables("vault")
    assert given["MFN_VAULT_ADDRESS"].startswith("https://")
    assert Path(given.pop("MFN_VAULT_CA_FILE")).name == "ca.crt"  # the stand-in has no certificate
    here = {"MFN_VAULT_ADDRESS": vault.address, "MFN_VAULT_KUBERNETES_TOKEN_FILE": str(tmp_path / "token")}
    checked(given | here)
    assert vault.logins >= 1


def test_the_example_of_aws_holds(aws_address: str, aws: Any) -> None:
    aws.create_secret(Name="mfn/secrets", SecretString=json.dumps(contents()))
    given = variables("aws")
    assert given["MFN_AWS_REGION"] == REGION
    checked(given | {"MFN_AWS_ENDPOINT": aws_address})
