"""Runs the command inside the test process, or as a process of its own."""

import os
import subprocess
import sys
from typing import Any

from typer.testing import CliRunner, Result

from mfn_client.cli.app import build

CONNECTION = ("SERVER", "API_KEY", "TOKEN", "TLS", "CA_FILE", "CLIENT_CERT", "CLIENT_KEY")
CLEAN = {**{f"MFN_{name}": None for name in CONNECTION}, "MFN_DEBUG": None, "COLUMNS": "200"}


def mfn(*arguments: object, **environment: str) -> Result:
    """The result of `mfn ...` in this process."""
    return CliRunner(env={**CLEAN, **environment}).invoke(build(), [str(each) for each in arguments])


def process(*arguments: object, **more: Any) -> "subprocess.Popen[str]":
    """`mfn ...` as a process, with pipes."""
    environment = {name: value for name, value in os.environ.items() if name not in CLEAN}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    command = [sys.executable, "-m", "mfn_client", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    return subprocess.Popen(command, env=environment, text=True, **pipes)


def finished(*arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `mfn ...` as a process."""
    running = process(*arguments)
    stdout, stderr = running.communicate(timeout=100)
    return running.returncode, stdout, stderr
