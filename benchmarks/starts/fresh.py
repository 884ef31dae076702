"""A fresh process that runs some code, and what that costs; Linux and macOS, as wait4 is."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Seconds: of processor time, in the program and in the kernel for it; on the clock."""

    processor_s: float
    wall_s: float


@contextmanager
def byte_code_kept(**more: str) -> Iterator[Mapping[str, str]]:
    """The environment of processes that find byte code where the last one left it, as installed packages do.

    It lies in a folder of its own until the end: the first process compiles everything it imports. OpenBLAS starts one
    thread, whose siblings would spin on other cores and be counted. `more`: variables beside those of this process.
    """
    with tempfile.TemporaryDirectory(prefix="mfn-bytecode-") as folder:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        ours = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONPYCACHEPREFIX": folder}
        yield {**kept, **ours, "OPENBLAS_NUM_THREADS": "1", **more}


def cost(arguments: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """What `python ARGUMENTS` costs, its output thrown away; raises RuntimeError when it fails."""
    command = [sys.executable, *arguments]
    quiet = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_WRONLY, 0) for descriptor in (1, 2)]
    began = time.perf_counter()
    child = os.posix_spawn(sys.executable, command, environment, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    wall_s = time.perf_counter() - began
    if code := os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{command} ended with exit code {code}")
    return Cost(usage.ru_utime + usage.ru_stime, wall_s)
