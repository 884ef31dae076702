"""The command as a whole: help, contributed commands, errors and exit codes."""

import errno
import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
import typer

from mfn_client import _embedded
from mfn_client.cli import app as app_module
from mfn_client.cli import connection, nernst
from mfn_client.cli.failures import UsageError
from tests.client.backend import Seen
from tests.client.cli.running import finished, mfn, process

COMMANDS = (
    "simulate",
    "analyze",
    "models",
    "features",
    "validate",
    "nernst",
    "goldman",
    "health",
    "demo",
    "participate",
    "federated-demo",
)
HEAVY = {
    "grpc",
    "numpy",
    "google",
    "numba",
    "scipy",
    "PIL",
    "zarr",
    "xarray",
    "sklearn",
    "cryptography",
    "opentelemetry",
}
NERNST = ("nernst", "--z", "1", "--out", "0.005", "--in", "0.14")


class Entry:
    """An entry point that loads what it is given, or raises."""

    def __init__(self, name: str, value: Any) -> None:
        self.name, self._value = name, value

    def load(self) -> Any:
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


def entries(monkeypatch: pytest.MonkeyPatch, module: Any, *found: Entry) -> None:
    monkeypatch.setattr(module, "entry_points", lambda **_: found)


def test_help_lists_every_command() -> None:
    shown = mfn("--help")
    assert shown.exit_code == 0
    for name in COMMANDS:
        assert name in shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_a_server_a_key_and_json(name: str) -> None:
    shown = mfn(name, "--help")
    assert shown.exit_code == 0
    for option in ("--server", "--api-key", "--token", "--tls", "--ca-file", "--client-cert", "--json", "MFN_SERVER"):
        assert option in shown.stdout


@pytest.mark.parametrize("words", ["--help", "simulate --help", "federation create --help", "", "nosuch", "simulate"])
def test_help_and_bad_usage_load_nothing_that_calls_or_computes(words: str) -> None:
    code = (
        f"import sys\nfrom mfn_client.cli.app import main\nsys.argv = ['mfn', *{words.split()}]\n"
        "try:\n    main()\nexcept SystemExit:\n    print('LOADED', *sorted(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    told, _, modules = done.stdout.partition("LOADED")
    assert "mfn" in told + done.stderr
    loaded = {name.partition(".")[0] for name in modules.split()}
    assert "mfn_client" in loaded
    assert not loaded & HEAVY


def test_other_packages_contribute_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    def register(app: typer.Typer) -> None:
        @app.command("greet")
        def greet() -> None:
            """Say hello."""
            typer.echo("hello")

    entries(monkeypatch, app_module, Entry("greet", register))
    assert "Say hello" in mfn("--help").stdout
    assert mfn("greet").stdout == "hello\n"


def test_a_contribution_that_cannot_be_loaded_is_named_and_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entries(monkeypatch, app_module, Entry("serve", ImportError("no numba")))
    assert mfn("--help").exit_code == 0
    assert capsys.readouterr().err == "mfn: the command 'serve' is left out: no numba\n"


def test_without_a_server_an_embedded_one_is_used(monkeypatch: pytest.MonkeyPatch, target: str, seen: Seen) -> None:
    class Embedded:
        def __init__(self) -> None:
            self.target, self.api_key, self.left = target, "own key", False

        def __enter__(self) -> "Embedded":
            return self

        def __exit__(self, *_: object) -> None:
            stopped.append(True)

    stopped: list[bool] = []
    entries(monkeypatch, _embedded, Entry("default", Embedded))
    assert mfn(*NERNST).exit_code == 0
    assert seen.metadata[0]["x-api-key"] == "own key"
    assert stopped == [True]


@pytest.mark.parametrize("when", ["made", "entered"])
def test_wrong_settings_of_the_embedded_server_are_bad_usage(monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    text = "the server cannot start:\n  MFN_COMPUTE_THREADS: is 'abc', must be a whole number"

    class Refusing:
        def __init__(self) -> None:
            if when == "made":
                raise ValueError(text)

        def __enter__(self) -> None:
            raise ValueError(text)

        def __exit__(self, *_: object) -> None:
            """Never entered."""

    entries(monkeypatch, _embedded, Entry("default", Refusing))
    done = mfn(*NERNST)
    assert (done.exit_code, done.stderr) == (2, f"Error: {text}\n")


def test_a_value_error_while_the_embedded_server_runs_is_a_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    class Embedded:
        def __init__(self) -> None:
            self.target, self.api_key = target, None

        def __enter__(self) -> "Embedded":
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing to stop."""

    entries(monkeypatch, _embedded, Entry("default", Embedded))
    with pytest.raises(ValueError, match="inside"), connection.connected(connection.EMBEDDED):
        raise ValueError("inside")


@pytest.mark.parametrize("found", [(), (Entry("default", ImportError("No module named 'numba'")),)])
def test_without_any_server_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, found: tuple[Entry, ...]) -> None:
    entries(monkeypatch, _embedded, *found)
    done = mfn(*NERNST)
    assert done.exit_code == 2
    assert "install mfn-grpc[server], or name one with --server HOST:PORT" in done.stderr


def test_server_and_key_may_come_from_the_environment(target: str, seen: Seen) -> None:
    assert mfn(*NERNST, MFN_SERVER=target, MFN_API_KEY="from outside").exit_code == 0  # pragma: allowlist secret
    assert seen.metadata[0]["x-api-key"] == "from outside"


def test_a_token_may_come_from_the_environment(target: str, seen: Seen) -> None:
    assert mfn(*NERNST, MFN_SERVER=target, MFN_TOKEN="from outside").exit_code == 0
    assert seen.metadata[0]["authorization"] == "Bearer from outside"


def test_a_key_beside_a_token_is_bad_usage(target: str) -> None:
    done = mfn(*NERNST, "--server", target, "--api-key", "k", "--token", "t")
    assert (done.exit_code, done.stderr) == (
        2,
        "Error: Both an API key and a token are given; a call carries one of them\n",
    )


def test_a_key_for_another_machine_is_bad_usage() -> None:
    done = mfn(*NERNST, "--server", "example.com:1", "--api-key", "k")
    assert done.exit_code == 2
    assert "plain text" in done.stderr


def test_what_the_server_calls_invalid_is_bad_usage(target: str) -> None:
    done = mfn("nernst", "--z", "0", "--out", "1", "--in", "1", "--server", target)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "z_valence: is 0, must be -3 to 3 without 0" in done.stderr


def test_an_error_with_json_is_a_document_too(target: str) -> None:
    done = mfn("nernst", "--z", "0", "--out", "1", "--in", "1", "--server", target, "--json")
    assert done.exit_code == 2
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["reason"]) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert error["violations"] == [{"field": "z_valence", "description": "is 0, must be -3 to 3 without 0"}]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("nernst", "--json"), "--z"),
        (("nernst", "--z", "K", "--out", "1", "--in", "1", "--json"), "valid integer"),
        (("nernst", "--json", "--bogus"), "--bogus"),
        (("simulate", "--json"), "MODEL"),
        (("bogus", "--json"), "bogus"),
        (("--bogus", "nernst", "--json"), "--bogus"),
        (("simulate", "gray_scott", "--param", "feed", "--json"), "NAME=VALUE"),
    ],
)
def test_bad_usage_with_json_is_a_document_too(arguments: tuple[str, ...], word: str) -> None:
    done = mfn(*arguments)
    assert done.exit_code == 2
    assert word in json.loads(done.stdout)["error"]["message"]
    without = mfn(*(each for each in arguments if each != "--json"))
    assert (without.exit_code, without.stdout) == (2, "")


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (UsageError("must be so"), 2, "must be so"),
        (ModuleNotFoundError("No module named 'zarr'", name="zarr"), 2, r"package zarr: install mfn-grpc[analytics]."),
        (ModuleNotFoundError("No module named 'numba'", name="numba"), 2, "package numba: install mfn-grpc[server]."),
        (OSError(errno.ENOSPC, "No space left on device", "x.npz"), 1, "No space left on device: x.npz"),
        (ZeroDivisionError("division by zero"), 1, "A fault of mfn itself: ZeroDivisionError: division by zero."),
    ],
)
def test_every_error_is_a_sentence(monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, sentence: str) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(nernst, "connected", fail)
    done = mfn(*NERNST)
    assert done.exit_code == code
    assert done.stderr.startswith("Error: ")
    assert sentence in done.stderr


def test_faults_of_ours_tell_where_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nernst, "connected", lambda *_: 1 / 0)
    assert isinstance(mfn(*NERNST, MFN_DEBUG="1").exception, ZeroDivisionError)


def test_as_a_process_success_failure_and_bad_usage_have_their_codes(target: str) -> None:
    assert finished(*NERNST, "--server", target) == (0, "310.1500 mV\n", "")
    code, stdout, stderr = finished(*NERNST, "--server", "127.0.0.1:1")
    assert (code, stdout) == (1, "")
    assert "`mfn serve` starts one" in stderr
    code, stdout, stderr = finished("nernst", "--z", "K")
    assert (code, stdout) == (2, "")
    assert "Traceback" not in stderr


def test_an_interrupt_ends_a_run_with_130(target: str, seen: Seen) -> None:
    running = process("simulate", "gray_scott", "--steps", 10, "--seed", 99, "--server", target)
    assert seen.called.wait(100)
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=100)
    assert running.returncode == 130
    assert stderr == "Interrupted.\n"
    assert seen.cancelled.wait(100)


@pytest.mark.parametrize("arguments", [("models",), ("models", "--json")])
def test_a_closed_pipe_is_no_crash(target: str, arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    running = process(*arguments, "--server", target, stdout=writing)
    os.close(writing)
    _, stderr = running.communicate(timeout=100)
    assert running.returncode == 1
    assert stderr == ""
