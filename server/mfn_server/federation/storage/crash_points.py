"""Named places where a process can be made to die, so that tests can prove that no gap loses or doubles anything.

MFN_CRASH_AT="after-commit:3" kills the process (SIGKILL) at its third passage of that point. Only with MFN_ENV=dev;
without the variable a crash point does nothing.
"""

import os
import signal
import threading
from functools import cache

CREATION = (
    "before-federation-folder",
    "after-federation-folder",
    "after-creation-noted",
    "after-federation-rename",
    "after-federation-durable",
)
"""Points on the way from nothing to a federation."""
REMOVAL = ("before-removal-rename", "after-removal-rename", "after-removal-durable", "after-removal-files")
"""Points on the way from a federation to nothing."""
PAYLOAD = (
    "after-draft-create",
    "after-draft-write",
    "after-draft-sync",
    "before-payload-sync",
    "after-payload-sync",
    "after-payload-rename",
    "after-payload-durable",
    "before-payload-delete",
    "after-payload-delete",
)
"""Points in the life of a payload file."""
JOURNAL = ("before-transaction", "after-transaction-begin", "before-commit", "after-commit")
"""Points around a transaction of the journal."""
ACKNOWLEDGEMENT = ("before-acknowledgement", "after-acknowledgement")
"""Points around the words that tell a participant that its update is durable; the coordinator passes them."""
CRASH_POINTS = (*CREATION, *REMOVAL, *PAYLOAD, *JOURNAL, *ACKNOWLEDGEMENT)
"""Every name that `crash_point` takes."""


class CrashPlanInvalid(ValueError):
    """MFN_CRASH_AT cannot be followed."""


class _Plan:
    """Dies at the count-th passage of one point."""

    def __init__(self, name: str, count: int) -> None:
        self._name, self._left, self._lock = name, count, threading.Lock()

    def pass_by(self, name: str) -> None:
        if name != self._name:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


@cache
def crash_plan() -> _Plan | None:
    """The plan of this process, read once; None without one. Raises CrashPlanInvalid."""
    text = os.environ.get("MFN_CRASH_AT")
    if text is None:
        return None
    if os.environ.get("MFN_ENV") != "dev":
        raise CrashPlanInvalid("MFN_CRASH_AT is for tests: it is refused unless MFN_ENV=dev; unset it")
    name, _, count = text.partition(":")
    if name not in CRASH_POINTS or not (count.isascii() and count.isdigit()) or int(count) < 1:
        points = ", ".join(CRASH_POINTS)
        raise CrashPlanInvalid(f"MFN_CRASH_AT is {text!r}, must be <point>:<passage from 1>; points: {points}")
    return _Plan(name, int(count))


def crash_point(name: str) -> None:
    """Dies here when the environment says so; does nothing else."""
    plan = crash_plan()
    if plan is not None:
        plan.pass_by(name)
