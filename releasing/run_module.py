"""Runs the programs of this environment that the checks of a release are made with.

No shell takes part, and the arguments are those of our own commands.
"""

import subprocess  # nosec B404
import sys


def run_module(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m MODULE ARGUMENTS`, to its end, with what it wrote."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - see above  # nosec B603
