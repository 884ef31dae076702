"""Becomes another program that ends with the process that started it: `python tethered.py PROGRAM ARGUMENTS`.

Run as a file, without this package, so that little is imported before the program is.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def tethered(command: Sequence[str]) -> tuple[str, ...]:
    """The command line for a program that no death of its parent's leaves behind; on other systems than Linux its own.

    The parent is the thread that starts it, which must live as long as the program is wanted.
    """
    if sys.platform != "linux":
        return tuple(command)
    return (sys.executable, "-I", "-S", __file__, str(os.getpid()), *command)


def _main(parent: int, command: list[str]) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:  # else it died before that could be said
        os.execv(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2:])
