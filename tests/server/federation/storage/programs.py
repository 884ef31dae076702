"""Programs in processes of their own, which can be killed."""

import os
import subprocess
import sys
from pathlib import Path


def environment(**more: str) -> dict[str, str]:
    """That of this process, with the same modules in reach."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MFN_ENV": "dev", **more}


def run(program: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program to its end, or to its death."""
    command = [sys.executable, str(program), *arguments]
    return subprocess.run(command, env=environment(**more), capture_output=True, text=True, timeout=60, check=False)


def start(source: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a Python program given as text; its standard input and output are pipes."""
    command = [sys.executable, "-c", source, *arguments]
    return subprocess.Popen(command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
