"""What an operator sees when a server cannot start, and when it can."""

import socket
import subprocess
import sys
from secrets import token_hex
from typing import Any

from tests.e2e.conftest import Serve
from tests.e2e.process import PATIENCE_S, SERVING, environment


def ended(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    """A server that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "mfn_server", *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_wrong_settings_end_with_2_and_all_faults_and_no_traceback() -> None:
    found = ended(port=65536, host="here", compute_threads="some", api_key="swordfish")
    assert found.returncode == 2
    assert found.stdout == ""
    assert found.stderr.startswith("the server cannot start:\n")
    for name in (
        "MFN_PORT",
        "MFN_HOST",
        "MFN_COMPUTE_THREADS",
        "MFN_API_KEY",
        "MFN_TLS_CERT_FILE",
        "MFN_RESUME_TOKEN_KEY",
    ):
        assert f"\n  {name}: " in found.stderr
    assert "Traceback" not in found.stderr
    assert "swordfish" not in found.stderr


def test_an_unknown_environment_refuses_to_start() -> None:
    found = ended(env="testing", api_key="k" * 32, resume_token_key="k" * 32)
    assert found.returncode == 2
    assert "\n  MFN_ENV: " in found.stderr
    assert "Traceback" not in found.stderr


def test_a_port_that_is_taken_ends_with_1_and_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = ended(env="dev", port=port)
    assert found.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: is another server using the port?" in found.stderr
    assert "Traceback" not in found.stderr


def test_production_starts_with_its_keys_and_does_not_log_them(serve: Serve) -> None:
    keys = {"api_key": token_hex(32), "resume_token_key": token_hex(32)}
    server = serve(env="prod", transport_security="mesh", metrics_port=0, drain_notice_s=0, **keys)
    assert server.check() == SERVING
    assert "environment prod" in server.log
    server.terminate()
    assert server.wait() == 0
    assert [name for name, key in keys.items() if key in server.log] == []


def test_an_ipv6_loopback_address_is_listened_on(serve: Serve) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))  # fails where the machine has no IPv6 at all
    server = serve(host="::1")
    assert server.target.startswith("[::1]:")
    assert server.check() == SERVING
