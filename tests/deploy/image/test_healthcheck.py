"""The health check asks real servers as their settings say that they are reached, by the real grpc_health_probe."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from mfn_client._development_certificates import DevelopmentAuthority
from tests.conftest import find_tool
from tests.e2e.process import PATIENCE_S, ServerProcess, environment

HEALTHY, UNREACHABLE, UNHEALTHY = 0, 2, 4
UNENCRYPTED: dict[str, Any] = {"services": "electrochemistry"}
Check = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def check(root: Path, require_tool: Callable[[str, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Check:
    """`check(*arguments, **settings)`: the health check of a container with these variables."""
    programs = tmp_path_factory.mktemp("programs")
    probe = find_tool("grpc_health_probe") or require_tool("grpc_health_probe", "go install -C .ci/tools tool")
    (programs / "grpc_health_probe").symlink_to(probe)

    def run(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        variables = environment(**settings) | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        command = ["sh", str(root / "image" / "healthcheck.sh"), *arguments]
        return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    return run


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, a server's pair for 127.0.0.1 and a client's one."""
    folder, authority = tmp_path_factory.mktemp("certificates"), DevelopmentAuthority(1)
    pairs = {"server": authority.server(("127.0.0.1",)), "client": authority.client("probe")}
    (folder / "ca.pem").write_bytes(authority.certificate)
    (folder / "other.pem").write_bytes(DevelopmentAuthority(1).certificate)
    for name, pair in pairs.items():
        (folder / f"{name}.pem").write_bytes(pair.certificate)
        (folder / f"{name}.key").write_bytes(pair.key)
    return folder


@pytest.fixture
def start() -> Iterator[Callable[..., ServerProcess]]:
    """`start(**settings)`: a server of electrochemistry, which needs no kernels."""
    started: list[ServerProcess] = []

    def run(**settings: Any) -> ServerProcess:
        started.append(ServerProcess(**(UNENCRYPTED | settings)))
        return started[-1]

    yield run
    for server in started:
        server.close()


def becomes(code: int, check: Callable[[], subprocess.CompletedProcess[str]]) -> bool:
    """Whether the check ends with this code before patience does."""
    until = monotonic() + PATIENCE_S
    while check().returncode != code:
        if monotonic() > until:
            return False
        sleep(0.05)  # between two looks; nothing is taken for granted after it
    return True


def encrypted(certificates: Path) -> dict[str, Any]:
    """The settings of a server with TLS."""
    return {
        "transport_security": "tls",
        "tls_cert_file": certificates / "server.pem",
        "tls_key_file": certificates / "server.key",
    }


def mutual(certificates: Path) -> dict[str, Any]:
    """The settings of a server that asks for certificates."""
    asked = {"tls_client_auth": "required", "tls_client_ca_file": certificates / "ca.pem"}
    return encrypted(certificates) | asked | {"client_identities": json.dumps({"probe": ["read"]})}


def test_an_unencrypted_server(check: Check, start: Callable[..., ServerProcess]) -> None:
    port = start().port
    assert becomes(HEALTHY, lambda: check(env="dev", host="0.0.0.0", port=port))
    assert check(transport_security="mesh", port=port).returncode == HEALTHY
    assert check(port=port).returncode != HEALTHY  # prod unless said otherwise, so TLS
    assert check("-service=mfn.v1.FeatureService", env="dev", port=port).returncode != HEALTHY


def test_a_server_with_tls(check: Check, start: Callable[..., ServerProcess], certificates: Path) -> None:
    settings = encrypted(certificates) | {"port": start(**encrypted(certificates)).port}
    assert becomes(HEALTHY, lambda: check(**settings))
    assert check(**settings, ca_file=certificates / "ca.pem").returncode == HEALTHY
    assert check(**settings, ca_file=certificates / "other.pem").returncode != HEALTHY
    assert check(**settings, ca_file=certificates / "ca.pem", healthcheck_name="elsewhere").returncode != HEALTHY
    assert check(**(settings | {"transport_security": "mesh"})).returncode != HEALTHY


def test_a_server_that_asks_for_certificates(
    check: Check, start: Callable[..., ServerProcess], certificates: Path
) -> None:
    settings = mutual(certificates) | {"port": start(**mutual(certificates)).port}
    shown = {"client_cert": certificates / "client.pem", "client_key": certificates / "client.key"}
    assert becomes(HEALTHY, lambda: check(**settings, **shown))
    assert check(**settings, **shown, ca_file=certificates / "ca.pem").returncode == HEALTHY
    assert check(**settings).returncode != HEALTHY


def test_a_server_that_leaves_is_unhealthy_but_alive(check: Check, start: Callable[..., ServerProcess]) -> None:
    server = start(drain_notice_s=600)
    server.wait_until_serving()
    server.terminate()
    assert becomes(UNHEALTHY, lambda: check(env="dev", port=server.port))
    assert check("-service=liveness", env="dev", port=server.port).returncode == HEALTHY


def test_a_port_where_nobody_listens(check: Check) -> None:
    assert check(env="dev", port=1).returncode == UNREACHABLE
