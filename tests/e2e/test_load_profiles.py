"""`make load` drives a server and reports. Locust replaces threads and sockets, so it never enters this process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import required

COMMAND = (sys.executable, "-m", "benchmarks.load")
Load = Callable[..., "subprocess.Popen[str]"]
Figures = dict[tuple[str, str], dict[str, Any]]


class Page(HTMLParser):
    """A report: what its <pre id="figures"> says, and whether its script holds Locust's data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.figures, self.data, self._tag = "", False, ("", "")
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = (tag, dict(attrs).get("id") or "")

    def handle_endtag(self, tag: str) -> None:
        self._tag = ("", "")

    def handle_data(self, data: str) -> None:
        if self._tag == ("pre", "figures"):
            self.figures += data
        self.data |= self._tag[0] == "script" and "requests_statistics" in data


@pytest.fixture
def load(root: Path, tmp_path: Path) -> Iterator[Load]:
    """`load("short")` starts a profile, whose reports go to tmp_path; ended with the test."""
    if find_spec("locust") is None:
        sentence = "locust is not installed; get it with: pip install -e '.[load-testing]'"
        (pytest.fail if required("locust") else pytest.skip)(sentence)
    if sys.platform != "linux":
        pytest.skip("processor time and memory of another process are read from Linux's /proc")
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        process = subprocess.Popen(
            (*COMMAND, *arguments, "--folder", str(tmp_path)),
            cwd=root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def ended(process: "subprocess.Popen[str]") -> str:
    """What it printed, once it has come to what it should."""
    printed, complained = process.communicate()
    assert process.returncode == 0, f"{printed}\n{complained}"
    return printed


def saved(folder: Path, profile: str) -> dict[str, Any]:
    """The JSON of a run."""
    said: dict[str, Any] = json.loads((folder / f"{profile}.json").read_text(encoding="utf-8"))
    return said


def figures(said: dict[str, Any]) -> Figures:
    """What happened in the whole run, by RPC and kind."""
    return {(each["rpc"], each["kind"]): each for each in said["outcome"]["whole"]["rpcs"]}


def test_all_four_kinds_of_users_complete_calls_without_a_failure(load: Load, tmp_path: Path) -> None:
    printed = ended(load("short", "--seconds", "3"))
    found = figures(saved(tmp_path, "short"))
    calls = [("ComputeNernst", "unary"), ("Validate", "unary"), ("Simulate", "stream"), ("Federate", "stream")]
    parts = [("Simulate", "first frame"), ("Simulate", "frame gap"), ("Federate", "task"), ("Federate", "update")]
    for key in (*calls, *parts):
        assert found[key]["ok"] >= 1
        assert 0 < found[key]["p50_ms"] <= found[key]["p95_ms"] <= found[key]["p99_ms"]
    assert not any(each["errors"] for each in found.values())
    page = Page((tmp_path / "short.html").read_text(encoding="utf-8"))
    assert page.data
    assert all(rpc in page.figures and rpc in printed for rpc, _ in calls)


def test_a_rate_limit_holds_for_each_principal_under_sustained_traffic(load: Load, tmp_path: Path) -> None:
    ended(load("limits", "--seconds", "4"))
    said = saved(tmp_path, "limits")
    found, span_s = figures(said), said["outcome"]["span_seconds"]
    for principal in ("greedy-1", "greedy-2"):
        calls = found[f"ComputeNernst of {principal}", "unary"]
        assert 20 <= calls["ok"] <= 20 + 20 * span_s + 1  # the burst, then twenty a second
        assert list(calls["errors"]) == ["RATE_LIMITED"]  # each says when to come back, or it had another name
    modest = found["ComputeNernst of modest", "unary"]
    assert modest["ok"] >= 1
    assert not modest["errors"]
    assert said["samples"]


def descendants(pid: int) -> set[int]:
    """The numbers of all processes that a process started, and that those started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return {int(child) for child in children}.union(*(descendants(int(child)) for child in children))


def ended_by_ctrl_c(process: "subprocess.Popen[str]") -> None:
    """As a terminal does it."""
    os.killpg(process.pid, signal.SIGINT)


@pytest.mark.parametrize("end", [ended_by_ctrl_c, subprocess.Popen.terminate])
def test_an_interrupted_load_ends_everything_and_reports_what_there_was(
    end: Callable[["subprocess.Popen[str]"], None], load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    process = load("steady", "--seconds", "1000")
    assert process.stderr is not None
    while "are there" not in (line := process.stderr.readline()):
        assert line, "it ended before its users were there"
    started = descendants(process.pid)
    end(process)
    printed, complained = process.communicate()
    assert process.returncode == 130, f"{printed}\n{complained}"
    assert "interrupted" in printed
    assert "Traceback" not in complained
    outcome = saved(tmp_path, "steady")["outcome"]
    assert outcome["interrupted"]
    assert not any(each["errors"] for each in outcome["whole"]["rpcs"])
    assert len(started) >= 3  # the server, its collector of traces, the users
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)
    assert not list(temporary.glob("mfn-*"))
