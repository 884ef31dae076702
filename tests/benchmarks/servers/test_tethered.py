"""A program that is tethered becomes the one asked for, and does not outlive the process that started it."""

import os
import subprocess
import sys

import pytest

from benchmarks.servers.tethered import tethered

PARENT = """
import subprocess, sys
from benchmarks.servers.tethered import tethered
program = tethered([sys.executable, "-c", "print(1, flush=True); import time; time.sleep(1000)"])
child = subprocess.Popen(program, stdin=subprocess.DEVNULL, start_new_session=True)
sys.stdin.read()
"""


def test_it_is_the_same_process_with_the_same_output_and_exit_code() -> None:
    program = [sys.executable, "-c", "import os, sys; print(os.getpid(), *sys.argv[1:]); sys.exit(7)", "a b"]
    with subprocess.Popen(tethered(program), stdout=subprocess.PIPE, text=True) as process:
        printed, _ = process.communicate()
    assert (printed, process.returncode) == (f"{process.pid} a b\n", 7)


@pytest.mark.skipif(sys.platform != "linux", reason="the system must tell a process that its parent has died")
def test_it_ends_when_the_process_that_started_it_is_killed() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", PARENT]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"1\n"
        parent.kill()
        assert parent.stdout.read() == b""  # the end: nobody has the pipe any more
