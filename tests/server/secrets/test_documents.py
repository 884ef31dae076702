"""Keys files and key sets that are kept in Vault and AWS, and the command that makes keys for them."""

import json
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
import typer
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from typer.testing import CliRunner

from mfn_server.access.authenticator import Refused
from mfn_server.access.cli import register
from mfn_server.access.managing import create
from tests.server.access.calls import Recorded, call_with
from tests.server.access.reading import api_keys
from tests.server.access.test_tokens import AUDIENCE, ISSUER, claims
from tests.server.conftest import Running, Start
from tests.server.secrets.aws_standin import REGION
from tests.server.secrets.looking import look
from tests.server.secrets.vault_standin import VaultStandIn

Put = Callable[[str], None]
Place = tuple[dict[str, Any], str, Put]
JWT = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}


@pytest.fixture(params=["vault", "aws"])
def place(request: pytest.FixtureRequest) -> Place:
    """Settings of a store, a reference into it, and a way to put a document there."""
    if request.param == "vault":
        vault: VaultStandIn = request.getfixturevalue("vault")
        access = {"vault_address": vault.address, "vault_token": "root-token"}
        return access, "vault:secret/mfn#document", lambda text: vault.put("secret/mfn", document=text)
    address, aws = request.getfixturevalue("aws_address"), request.getfixturevalue("aws")
    aws.create_secret(Name="mfn", SecretString="{}")

    def put(text: str) -> None:
        aws.put_secret_value(SecretId="mfn", SecretString=json.dumps({"document": json.loads(text)}))

    return {"aws_endpoint": address, "aws_region": REGION}, "aws:mfn#document", put


async def principals(server: Running, *credentials: dict[str, Any]) -> list[str | None]:
    """Whom each credential speaks for; None where it is refused."""
    (authenticator,) = server.application.authenticators
    found = []
    for credential in credentials:
        try:
            identity = await authenticator.authenticate(call_with(**credential))
            found.append(None if identity is None else identity.principal)
        except Refused:
            found.append(None)
    return found


async def test_a_keys_file_is_read_from_a_store_and_read_again(start: Start, place: Place, tmp_path: Path) -> None:
    access, reference, put = place
    file, pepper = tmp_path / "keys.json", token_hex(32)
    ann = {"x_api_key": create(file, pepper.encode(), "ann", ["read"], None, Recorded())}
    put(file.read_text())
    server = await start(api_keys_file=reference, api_key_pepper=pepper, **access)
    bob = {"x_api_key": create(file, pepper.encode(), "bob", ["read"], None, Recorded())}
    assert await principals(server, ann, bob) == ["ann", None]
    put(file.read_text())
    await look(server)
    assert await principals(server, ann, bob) == ["ann", "bob"]


async def test_a_key_set_is_read_from_a_store_and_read_again(start: Start, place: Place) -> None:
    access, reference, put = place
    keys: list[Any] = [RSAKey.generate_key(2048, {"kid": kid}) for kid in ("old", "new")]
    old, new = (
        {"authorization": f"Bearer {jwt.encode({'alg': 'RS256', 'kid': key.kid}, claims(), key)}"} for key in keys
    )
    put(json.dumps(KeySet(keys[:1]).as_dict(private=False)))
    server = await start(jwt_jwks_file=reference, **JWT, **access)
    assert await principals(server, old, new) == [f"{ISSUER}|alice", None]
    put(json.dumps(KeySet(keys[1:]).as_dict(private=False)))
    await look(server)
    assert await principals(server, old, new) == [None, f"{ISSUER}|alice"]


async def test_the_command_makes_keys_under_the_newest_pepper_in_vault(
    vault: VaultStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest, older, file = token_hex(32), token_hex(32), tmp_path / "keys.json"
    vault.put("secret/mfn", pepper=f"{newest} {older}")
    variables = {
        "MFN_API_KEYS_FILE": str(file),
        "MFN_API_KEY_PEPPER": "vault:secret/mfn#pepper",  # pragma: allowlist secret
        "MFN_AUDIT_FILE": str(tmp_path / "audit"),
        "MFN_VAULT_ADDRESS": vault.address,
        "MFN_VAULT_TOKEN": "root-token",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    ran = CliRunner().invoke(app, ["keys", "create", "--principal", "ann", "--scopes", "read"])
    assert ran.exit_code == 0, ran.output
    assert newest not in ran.output
    key = call_with(x_api_key=ran.stdout.strip())
    identity = await api_keys(file, newest.encode()).authenticate(key)
    assert identity is not None
    assert identity.principal == "ann"
    with pytest.raises(Refused, match="not valid here"):
        await api_keys(file, older.encode()).authenticate(key)
