"""Secrets that are exchanged while a server runs: what counts afterwards, and what stays when the new one is faulty."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import grpc
import pytest

from mfn_server.access.keys import ApiKeys
from mfn_server.access.managing import create
from mfn_server.config.loading import InvalidSettings, load_settings
from mfn_server.config.showing import shown
from mfn_server.secrets.sources import vault as vault_module
from mfn_server.simulation.tokens import Position
from tests.server.access.calls import Recorded, call_with
from tests.server.conftest import Running, Start
from tests.server.secrets.aws_standin import REGION
from tests.server.secrets.looking import look
from tests.server.secrets.vault_standin import VaultStandIn

ENTERED, UNKNOWN = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNAUTHENTICATED
POSITION = Position(step=7, sequence=3, run_id=bytes(16))
Put = Callable[[str], Awaitable[None]]


async def code(server: Running, key: str) -> grpc.StatusCode:
    """How an empty request ends: it is looked at only when the key holds."""
    method: Any = server.channel.unary_unary("/mfn.v1.ElectrochemistryService/ComputeNernst")
    try:
        await method(b"", metadata=[("x-api-key", key)])
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


@pytest.fixture
def places(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Callable[[], tuple[dict[str, Any], Put]]]:
    """Settings and a way to put a text, by the kind of place."""

    def in_file() -> tuple[dict[str, Any], Put]:
        file = tmp_path / "secret"

        async def put(text: str) -> None:
            file.write_text(text)

        return {"api_key": f"@{file}"}, put

    def in_vault() -> tuple[dict[str, Any], Put]:
        vault: VaultStandIn = request.getfixturevalue("vault")

        async def put(text: str) -> None:
            vault.put("secret/mfn", key=text)

        return {
            "vault_address": vault.address,
            "vault_token": "root-token",
            "api_key": "vault:secret/mfn#key",  # pragma: allowlist secret
        }, put

    def in_aws() -> tuple[dict[str, Any], Put]:
        address, aws = request.getfixturevalue("aws_address"), request.getfixturevalue("aws")
        aws.create_secret(Name="mfn/key", SecretString="{}")

        async def put(text: str) -> None:
            await asyncio.to_thread(aws.put_secret_value, SecretId="mfn/key", SecretString=json.dumps({"key": text}))

        return {
            "aws_endpoint": address,
            "aws_region": REGION,
            "api_key": "aws:mfn/key#key",  # pragma: allowlist secret
        }, put

    return {"file": in_file, "vault": in_vault, "aws": in_aws}


@pytest.mark.parametrize("kind", ["file", "vault", "aws"])
async def test_a_new_key_counts_without_a_restart_a_faulty_one_changes_nothing_and_no_log_tells_any(
    start: Start, places: dict[str, Any], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings, put = places[kind]()
    old, new, short = token_hex(32), token_hex(32), "swordfish"
    await put(old)  # by a client whose own lines, which repeat it, do not count
    caplog.set_level("DEBUG")
    server = await start(metrics_port=0, **settings)
    assert await code(server, old) is ENTERED
    await put(f"{new}\n{old}")
    await look(server)
    assert [await code(server, key) for key in (old, new)] == [ENTERED, ENTERED]
    await put(new)
    await look(server)
    assert [await code(server, key) for key in (old, new)] == [UNKNOWN, ENTERED]
    await put(short)
    await look(server)
    assert await code(server, new) is ENTERED
    assert "MFN_API_KEY cannot be used, its last good content stays: must have at least 32" in caplog.text
    assert not [secret for secret in (old, new, short) if secret in caplog.text]


async def test_every_other_secret_is_exchanged_too(start: Start, vault: VaultStandIn, tmp_path: Path) -> None:
    pepper, newer, seal, sealed_later = (token_hex(32) for _ in range(4))
    file = tmp_path / "keys.json"
    key = create(file, pepper.encode(), "ann", ["read"], None, Recorded())
    ring, other_ring = f"k1:{token_hex(32)}", f"k2:{token_hex(32)}"
    documents = {"keys": file.read_text()}
    vault.put("secret/mfn", pepper=pepper, seal=seal, ring=ring, **documents)
    names = {
        "api_key_pepper": "pepper",  # pragma: allowlist secret
        "resume_token_key": "seal",
        "federation_keys": "ring",
        "api_keys_file": "keys",  # pragma: allowlist secret
    }
    references = {setting: f"vault:secret/mfn#{field}" for setting, field in names.items()}
    access = {"vault_address": vault.address, "vault_token": "root-token"}
    server = await start(state_dir=tmp_path, **access, **references)
    (keys,) = server.application.authenticators
    assert isinstance(keys, ApiKeys)
    tokens, token = server.application.runtime.tokens, server.application.runtime.tokens.issue(POSITION, b"s", "ann")
    later = create(file, newer.encode(), "bob", ["read"], None, Recorded())
    vault.put(
        "secret/mfn",
        pepper=f"{newer} {pepper}",
        seal=f"{sealed_later} {seal}",
        ring=f"{other_ring},{ring}",
        keys=json.loads(file.read_text()),
    )
    await look(server)
    assert [(await keys.authenticate(call_with(x_api_key=each))) is not None for each in (key, later)] == [True, True]
    assert tokens.open(token, b"s", "ann") == POSITION
    assert tokens.issue(POSITION, b"s", "ann") != token
    assert server.application.coordinator is not None
    in_use = server.application.coordinator._keys
    assert in_use is not None
    assert (in_use.newest, in_use.find("k1") is not None) == ("k2", True)


async def test_a_vault_that_is_down_refused_or_slow_takes_nothing_away_and_delays_nobody(
    start: Start, vault: VaultStandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(vault_module, "TIMEOUT_S", 60.0)
    key = token_hex(32)
    vault.put("secret/mfn", key=key)
    token = {"vault_address": vault.address, "vault_token": "root-token"}
    server = await start(api_key="vault:secret/mfn#key", **token)  # pragma: allowlist secret
    vault.tokens.clear()
    await look(server)
    assert "MFN_API_KEY cannot be used, its last good content stays: Vault refuses (403)" in caplog.text
    vault.tokens.add("root-token")
    vault.prompt.clear()
    (watched,) = (each for each in server.application.watching._watched if each._setting == "api_key")
    watched._next_look = 0.0
    await watched.fresh()  # comes back while Vault keeps its answer
    assert watched._look is not None
    assert not watched._look.done()
    assert [await code(server, key) for _ in range(10)] == [ENTERED] * 10
    assert not watched._look.done()
    vault.prompt.set()
    await asyncio.wait({watched._look})
    assert await code(server, key) is ENTERED


@pytest.mark.parametrize(
    ("settings", "named", "told"),
    [
        ({"api_key": "vault:secret/mfn#key"}, "MFN_API_KEY", "needs MFN_VAULT_ADDRESS"),  # pragma: allowlist secret
        ({"api_key": "vault:secret"}, "MFN_API_KEY", "write vault:MOUNT/PATH#FIELD"),  # pragma: allowlist secret
        (
            {"api_key": "vault:a/b#c", "vault_address": "http://127.0.0.1:1"},  # pragma: allowlist secret
            "MFN_API_KEY",
            "needs MFN_VAULT_TOKEN, or in Kubernetes MFN_VAULT_KUBERNETES_ROLE",
        ),
        (
            {
                "api_key": "vault:a/b#c",  # pragma: allowlist secret
                "vault_address": "http://127.0.0.1:1",
                "vault_token": "t0ken-of-vault",
            },
            "MFN_API_KEY",
            "vault:a/b#c: Vault at http://127.0.0.1:1 does not answer: ConnectionError",
        ),
        ({"vault_token": "vault:a/b#c"}, "MFN_VAULT_TOKEN", "must be the text itself or @FILE"),
        ({"api_keys_file": "@/run/keys"}, "MFN_API_KEYS_FILE", "leave the @ out"),
        (
            {"resume_token_key": "aws:mfn#seal", "aws_region": REGION, "aws_endpoint": "http://127.0.0.1:1"},
            "MFN_RESUME_TOKEN_KEY",
            "aws:mfn#seal: AWS Secrets Manager does not answer: EndpointConnectionError",
        ),
    ],
)
def test_what_cannot_be_read_at_the_start_is_a_fault_of_the_setting(
    aws_address: str, settings: dict[str, Any], named: str, told: str
) -> None:
    with pytest.raises(InvalidSettings) as caught:
        load_settings(env="dev", **settings)
    assert f"{named}: " in str(caught.value)
    assert told in str(caught.value)
    assert "t0ken" not in str(caught.value)


def test_settings_show_the_references_and_never_what_stands_there(
    vault: VaultStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret, token = token_hex(32), "root-token"
    vault.put("secret/mfn", seal=secret, keys='{"version": 1, "keys": []}')
    (tmp_path / "token").write_text(token)
    given = {
        "MFN_ENV": "dev",
        "MFN_VAULT_ADDRESS": vault.address,
        "MFN_VAULT_TOKEN": f"@{tmp_path / 'token'}",
        "MFN_RESUME_TOKEN_KEY": "vault:secret/mfn#seal",
        "MFN_API_KEYS_FILE": "vault:secret/mfn#keys",  # pragma: allowlist secret
        "MFN_API_KEY_PEPPER": token_hex(32),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    told = {each.variable: each.text for each in shown(settings)}
    assert {name: told[name] for name in given} == given | {"MFN_API_KEY_PEPPER": "**********"}
    text = f"{told} {settings!r} {settings} {settings.model_dump()} {settings.resume_token_key!r}"
    assert not [each for each in (secret, token, given["MFN_API_KEY_PEPPER"]) if each in text]
