from importlib import import_module
from pathlib import Path

import pytest

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


def test_without_locust_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"pip install -e '\.\[load-testing\]'"):
        command.main(["short", "--folder", str(tmp_path)])
