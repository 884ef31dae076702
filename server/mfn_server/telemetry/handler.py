"""The logging handler that makes lines of records and leaves the writing to a thread."""

import logging
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import structlog
from structlog.types import EventDict, WrappedLogger

from mfn_server.rpc.call import Call
from mfn_server.telemetry.entries import (
    OURS,
    OURS_IN_ENTRIES,
    Entry,
    call_of,
    described,
    fields_of,
    timestamp,
    under_way,
)
from mfn_server.telemetry.lines import inside, line_of
from mfn_server.telemetry.masking import credentials_of, hide_in, masked
from mfn_server.telemetry.writing import Sink, Writer

Render = Callable[[Mapping[str, Any]], bytes]
FORMATTERS_OWN = frozenset({"event", "exc_info", "stack_info", "_record", "_from_structlog"})


class LineHandler(logging.Handler):
    """Renders each record as one line; whatever library it comes from, by the standard logging or by structlog.

    secrets: as `hide` takes them; the credentials of the line's call are masked as well.
    """

    def __init__(self, writer: Writer, render: Render, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._writer, self._render = writer, render
        self.hide(secrets)
        self.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[_complete, self._rendered]))

    @classmethod
    def writing(cls, sink: Sink, name: str) -> "LineHandler":
        """A handler with a writer of its own, for lines of JSON."""
        return cls(Writer(sink, lost_line, name), line_of)

    def hide(self, secrets: Iterable[str]) -> None:
        """Mask these from now on, wherever they stand, and none of those before; any thread may say so."""
        self._hidden = [(secret, inside(secret)) for secret in secrets]

    @property
    def lost(self) -> int:
        """Lines that were dropped because nobody took them."""
        return self._writer.lost

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record's line."""
        try:
            self._writer.put(self._line(record))
        except Exception:  # noqa: BLE001  # a record that cannot be rendered costs its line and nothing else
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the name is logging's
        """Say in a line what could not be said; the standard one prints to standard error what is no JSON."""
        failure = type(sys.exc_info()[1]).__name__
        fields = {"message": "a log line could not be made", "from": record.name, "failure": failure}
        self._writer.put(line_of({**_basics(logging.ERROR), **fields}))

    def close(self) -> None:
        """Write what waits."""
        super().close()
        self._writer.close()

    def _line(self, record: logging.LogRecord) -> bytes:
        if isinstance(record, Entry):
            call = call_of(record)
            return self._masked(fields_of(record, record.msg, record.fields, call), call, OURS_IN_ENTRIES)
        return self.format(record).encode()

    def _rendered(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        return self._masked(event, under_way(), OURS).decode()

    def _masked(self, fields: Mapping[str, Any], call: Call | None, ours: Collection[str]) -> bytes:
        """The line; secrets are looked for in its bytes, which is cheap, and taken out of the fields, which is not."""
        line = self._render(fields)
        shown = () if call is None else credentials_of(call)
        hidden = self._hidden
        if _holds_secret(line, hidden, shown):
            line = self._render(hide_in(fields, (*(secret for secret, _ in hidden), *shown), ours))
        return line


def _holds_secret(line: bytes, hidden: Sequence[tuple[str, bytes]], shown: Sequence[str]) -> bool:
    found = False
    for _, needle in hidden:  # plain loops: any() makes a generator, and this is asked for every call
        found |= needle in line
    for secret in shown:
        found |= inside(secret) in line
    return found


def lost_line(count: int) -> bytes:
    """Tells that lines were dropped."""
    message = f"{count} log lines were dropped: whoever reads them is too slow"
    return line_of({**_basics(logging.WARNING), "message": message, "dropped": count})


def _basics(level: int) -> dict[str, str]:
    """Of a line of the logging itself."""
    return {"timestamp": timestamp(time.time()), "level": logging.getLevelName(level), "logger": __name__}


def _complete(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """From what structlog's formatter knows to the fields of a line."""
    own = {key: masked(value, key) for key, value in event.items() if key not in FORMATTERS_OWN}
    fields = fields_of(event["_record"], str(event["event"]), own, under_way())
    failure = event.get("exc_info")
    if isinstance(failure, tuple) and failure[1] is not None:
        fields["exception"] = described(failure[1])
    return fields
