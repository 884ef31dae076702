"""Runs a program that prints its port and serves until its input ends."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """A running one. target: "127.0.0.1:port"."""

    pid: int
    target: str


@contextmanager
def serving(module: str) -> Iterator[Program]:
    """`python -m module` while the context is entered; Ctrl-C does not reach it."""
    command = (sys.executable, "-m", module)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            port = process.stdout.readline() if process.stdout else ""
            yield Program(process.pid, f"127.0.0.1:{int(port)}")
        finally:
            process.kill()
