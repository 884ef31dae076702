"""Lines of several processes come whole through one pipe, however long they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mfn_server.processes.standard_error import SharedSink
from tests.server.federation.storage.programs import environment

WRITE = """
import sys
from mfn_server.processes.standard_error import SharedSink
sink = SharedSink(1)
for _ in range(20):
    sink.write((sys.argv[1] * 150_000 + "\\n").encode())  # more than a pipe holds
"""


def test_long_lines_of_three_processes_are_not_torn() -> None:
    read, write = os.pipe()
    programs = [
        subprocess.Popen([sys.executable, "-c", WRITE, letter], stdout=write, env=environment()) for letter in "abc"
    ]
    os.close(write)
    with os.fdopen(read) as pipe:
        lines = pipe.read().splitlines()
    assert [program.wait() for program in programs] == [0, 0, 0]
    assert sorted(lines) == sorted(letter * 150_000 for letter in "abc" for _ in range(20))


def test_a_file_that_cannot_be_locked_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, command: int) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr("fcntl.lockf", refuse)
    file = tmp_path / "log"
    with file.open("wb") as opened:
        SharedSink(opened.fileno()).write(b"line\n")
    assert file.read_bytes() == b"line\n"
