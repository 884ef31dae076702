import socket
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.load import servers
from benchmarks.servers.port_program import serving

command = import_module("benchmarks.load.__main__")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "invalid choice"),
        (["steady", "--target", "127.0.0.1:1"], "go together"),
        (["limits", "--target", "127.0.0.1:1", "--key-file", "key"], "limits needs a server whose limits it knows"),
        (["steady", "--ca-file", "ca.pem"], "--ca-file needs --target"),
        (["steady", "--users", "9"], "at least 10"),
        (["steady", "--seconds", "0"], "above 0"),
        (["steady", "--seconds", "nan"], "above 0"),
        (["steady", "--seconds", "inf"], "above 0"),
        (["steady", "--target", "127.0.0.1:1", "--key-file", "no/such"], "--key-file: no/such cannot be read: No such"),
        (["steady", "--processes", "0"], "at least 1"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_starts(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("content", "said"), [(b"\xff\xfe", "is no text"), (b" \n", "is empty")])
def test_a_file_without_a_key_is_refused(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        command.main(["steady", "--target", "127.0.0.1:1", "--key-file", str(file)])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_target_that_cannot_be_reached_is_told_before_any_user_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: True)
    monkeypatch.setattr(servers, "REACH_S", 0.1)
    monkeypatch.setattr(command, "Run", lambda *_: pytest.fail("users were started"))
    file = tmp_path / "key"
    file.write_text("key")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        asked = ["steady", "--target", target, "--key-file", str(file), "--folder", str(tmp_path)]
        assert command.main(asked) == 2
    assert f"no connection to {target}" in capsys.readouterr().err


def test_a_server_that_listens_is_reachable() -> None:
    with serving("benchmarks.servers.trace_sink") as sink:
        assert servers.reachable(servers.Target(sink.target, {}))


def test_without_locust_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"pip install -e '\.\[load-testing\]'"):
        command.main(["short", "--folder", str(tmp_path)])
