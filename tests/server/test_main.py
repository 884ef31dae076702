"""What the operator reads when the settings are wrong, and how the process ends."""

import socket
import subprocess
import sys
import textwrap

import pytest

from mfn_server import __main__ as main_module
from mfn_server.config.settings import Settings
from mfn_server.lifecycle import join_address
from tests.server.federation.storage.programs import environment


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MFN_{name.upper()}", raising=False)


def test_wrong_settings_end_with_2_and_every_fault_under_its_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MFN_PORT", "-1")
    assert main_module.main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == "the server cannot start:"
    assert [line.split(":")[0].strip() for line in err.splitlines()[1:]] == [
        "MFN_PORT",
        "MFN_TLS_CERT_FILE",
        "MFN_TLS_KEY_FILE",
        "MFN_API_KEY_REQUIRED",
        "MFN_RESUME_TOKEN_KEY",
    ]


def test_a_port_that_is_taken_ends_with_1_and_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("MFN_ENV", "dev")
        monkeypatch.setenv("MFN_PORT", str(port))
        assert main_module.main([]) == 1
    assert f"cannot listen on 127.0.0.1:{port}: is another server using the port?" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "127.0.0.1:5"), ("localhost", "localhost:5"), ("::1", "[::1]:5")]
)
def test_an_ipv6_address_is_kept_apart_from_its_port(host: str, address: str) -> None:
    assert join_address(host, 5) == address


def test_help_lists_every_setting_under_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main_module.main(["--help"])
    assert ended.value.code == 0
    listed = capsys.readouterr().out
    assert [name for name in Settings.model_fields if f"MFN_{name.upper()} " not in listed] == []


def test_an_unknown_argument_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main_module.main(["--port", "1"])
    assert ended.value.code == 2
    assert "unrecognized arguments" in capsys.readouterr().err


STUCK = """
    import asyncio, os, signal, threading
    from mfn_server import lifecycle
    from mfn_server.config.loading import load_settings

    def never() -> None:
        threading.Event().wait()

    lifecycle.LEAVING_S = 0.1
    threading.Thread(target=never).start()
    start = lifecycle.Lifecycle.start

    async def started(self) -> None:
        await start(self, warm_up=False)
        os.kill(os.getpid(), signal.SIGTERM)

    lifecycle.Lifecycle.start = started
    asyncio.run(lifecycle.serve(load_settings(env="dev", port=0, drain_notice_s=0, drain_grace_s=0)))
"""


def test_a_thread_that_never_ends_does_not_keep_the_process_and_is_named() -> None:
    program = [sys.executable, "-c", textwrap.dedent(STUCK)]
    ended = subprocess.run(program, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1
    assert "in never" in ended.stderr
