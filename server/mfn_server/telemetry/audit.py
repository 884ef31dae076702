"""The audit: security-relevant events as a stream of their own, whatever the level of the logs."""

import logging
from pathlib import Path
from typing import Any

from mfn_server.rpc.call import Call
from mfn_server.telemetry.entries import Entry, emit, under_way
from mfn_server.telemetry.handler import LineHandler
from mfn_server.telemetry.masking import masked
from mfn_server.telemetry.sparing import Sparing
from mfn_server.telemetry.writing import FileSink

LOGGER = "mfn.audit"
STREAM = {"stream": "audit"}
REPEATED = {"authentication.denied": ("peer", "reason"), "authorization.denied": ("principal", "scope")}
"""Events that a caller can cause at no cost, and the fields that tell one kind from another: see `Sparing`.

A credential that is wrong costs its caller time, so those are recorded one by one.
"""
ONE_BY_ONE = frozenset({"invalid", "expired", "revoked"})


class Audit:
    """Records events. file: appended to and made anew when it was moved away; without one they go to the logger.

    Raises OSError when the file cannot be written.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._logger = logging.getLogger(LOGGER)
        self._repeated = {event: Sparing() for event in REPEATED}
        self._own = None if file is None else LineHandler.writing(FileSink(file), "mfn-audit")

    def record(self, event: str, *, call: Call | None = None, **fields: Any) -> None:
        """Write down an event, such as "key.revoked"; secrets among the fields are masked.

        call: whose event it is, when it is not the one under way in this task.
        """
        if event in REPEATED and fields.get("reason") not in ONE_BY_ONE:
            count = self._repeated[event].count(tuple(fields.get(name) for name in REPEATED[event]))
            if not count:
                return
            fields["count"] = count
        call = call or under_way()
        entry = {**STREAM, "event": event, **{name: masked(value, name) for name, value in fields.items()}}
        if self._own is None:
            emit(self._logger, logging.INFO, event, entry, call)
        else:
            self._own.handle(Entry(LOGGER, logging.INFO, event, entry, call))

    @property
    def lost(self) -> int:
        """Events that its own file did not take."""
        return 0 if self._own is None else self._own.lost

    def close(self) -> None:
        """Write what waits and close the file."""
        if self._own is not None:
            self._own.close()
