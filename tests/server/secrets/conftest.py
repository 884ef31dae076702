"""Vault and AWS Secrets Manager on the loopback."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from tests.server.secrets.aws_standin import address_of, operators_client, secrets_manager
from tests.server.secrets.vault_standin import VaultStandIn, standing_in
from tests.server.secrets.vaults import AnyVault, real_vault

VAULT = shutil.which("vault")


@pytest.fixture
def vault() -> Iterator[VaultStandIn]:
    with standing_in() as found:
        yield found


@pytest.fixture(scope="session")
def _real_vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyVault]:
    with real_vault(str(VAULT), tmp_path_factory.mktemp("vault")) as found:
        yield found


@pytest.fixture(params=["stand-in", *(["real"] if VAULT else [])])
def any_vault(request: pytest.FixtureRequest) -> AnyVault:
    """The stand-in and, where the program `vault` is installed, a real one."""
    found: AnyVault = request.getfixturevalue("vault" if request.param == "stand-in" else "_real_vault")
    return found


@pytest.fixture
def aws_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    """A Secrets Manager that holds nothing; credentials as boto3 looks for them."""
    with secrets_manager(monkeypatch) as server:
        yield server


@pytest.fixture
def aws_address(aws_server: ThreadedMotoServer) -> str:
    """Where it listens."""
    return address_of(aws_server)


@pytest.fixture
def aws(aws_address: str) -> Any:
    """The operator's own client."""
    return operators_client(aws_address)
