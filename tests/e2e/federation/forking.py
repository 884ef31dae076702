"""A process that has imported the server and forks one whenever it is told to: a start without the imports.

Run as a program. A line of JSON in is a start, {"variables": {...}, "log": PATH}, answered with {"pid": N}, or asks how
a server has ended, {"ended": PID}, answered with {"status": S} as `waitpid` tells it. All end with its input.
"""

import json
import os
import signal
import sys
from contextlib import suppress
from typing import Any, NoReturn

from mfn_server.__main__ import main
from mfn_server.kernels import compile_all


def serve(variables: dict[str, str], log: str) -> NoReturn:
    """Be a server; its words go to the log."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    for source, target in ((nothing, 0), (nothing, 1), (descriptor, 2)):
        os.dup2(source, target)
    os.environ.update(variables)
    status = 70
    try:
        status = main([])
    finally:
        os._exit(status)


def fork(request: dict[str, Any]) -> int:
    """A server in a process of its own."""
    pid = os.fork()
    if pid == 0:
        serve(request["variables"], request["log"])
    return pid


def answer_requests() -> None:
    """Fork and bury until the input ends, then end whatever still runs."""
    running = set[int]()
    for line in sys.stdin:
        request = json.loads(line)
        if "ended" in request:
            _, status = os.waitpid(request["ended"], 0)
            running.discard(request["ended"])
            answer = {"status": status}
        else:
            pid = fork(request)
            running.add(pid)
            answer = {"pid": pid}
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()
    for pid in running:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    compile_all()
    sys.stdout.write("{}\n")
    sys.stdout.flush()
    answer_requests()
