import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks.peers import peer_process, program
from benchmarks.peers.peer_process import PeerProcess
from benchmarks.peers.program import PeerProgram

ECHO = """
import json, os, sys
for line in sys.stdin:
    job = json.loads(line)
    if job.get("end"):
        sys.exit(3)
    seen = {name: os.environ.get(name) for name in ("PYTHONPATH", "NUMBA_NUM_THREADS")}
    print(json.dumps({"job": job, "arguments": sys.argv[1:], "seen": seen}), flush=True)
"""


@pytest.fixture(autouse=True)
def echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A program that this Python runs in the peers' place."""
    path = tmp_path / "echo.py"
    path.write_text(ECHO, encoding="utf-8")
    monkeypatch.setattr(program, "PYTHON", Path(sys.executable))
    return str(path)


def test_jobs_are_answered_one_by_one(echo: str) -> None:
    with PeerProgram(echo, 7, 0.5, "a b") as peers:
        assert peers.answer({"steps": 1})["job"] == {"steps": 1}
        assert peers.answer({"steps": 2}) == peers.answer({"steps": 2})
        assert peers.answer({})["arguments"] == ["7", "0.5", "a b"]


def test_the_program_sees_what_it_is_given_and_none_of_our_modules(echo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "here")
    with PeerProgram(echo, NUMBA_NUM_THREADS="1") as peers:
        assert peers.answer({})["seen"] == {"PYTHONPATH": None, "NUMBA_NUM_THREADS": "1"}
    assert os.environ["PYTHONPATH"] == "here"


def test_a_program_that_ends_is_an_error_that_names_the_job(echo: str) -> None:
    with PeerProgram(echo) as peers, pytest.raises(RuntimeError, match=r"ended with 3 at \{'end': True\}"):
        peers.answer({"end": True})


def test_a_program_that_was_not_started_answers_nothing(echo: str) -> None:
    with pytest.raises(RuntimeError, match="have not been started"):
        PeerProgram(echo).answer({})


def test_the_program_ends_with_the_context(echo: str) -> None:
    with PeerProgram(echo) as peers:
        process = peers._process
    assert process is not None
    assert process.returncode is not None


def test_the_peers_are_installed_where_their_python_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert program.installed()
    monkeypatch.setattr(program, "PYTHON", tmp_path / "none")
    assert not peer_process.installed()


def test_aggregation_is_asked_for_by_library_and_rule(echo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_process, "PROGRAM", echo)
    with PeerProcess(clients=100, size=10, f=20) as peers:
        answered = peers.ask("Flower", "krum")
    assert json.dumps(answered["job"]) == '{"library": "Flower", "rule": "krum"}'
    assert answered["arguments"] == ["100", "10", "20"]
