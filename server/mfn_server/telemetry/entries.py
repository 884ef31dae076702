"""What every line holds: when, how severe, by whom, what, and the call that it belongs to."""

import logging
import sys
import time
import traceback
from collections.abc import Mapping
from typing import Any

from mfn_server.rpc.call import Call, current_call
from mfn_server.telemetry.masking import credentials_of, cut, hide_in

MAX_MESSAGE_CHARACTERS = 8192
MAX_TRACEBACK_CHARACTERS = 16_384

OURS = frozenset({"timestamp", "level", "logger", "method", "peer", "principal", "credential", "trace_id", "span_id"})
"""Fields that no caller writes: one whose credential is the same word must not blank them."""
OURS_IN_ENTRIES = OURS | {"message", "event", "stream", "attempted", "code", "reason", "scope", "kind"}
"""Those of entries, whose messages and words are this server's own."""

OF_THIS_PROCESS: dict[str, Any] = {}
"""What stands in every line of this process, such as its number among several; set once, before its first line."""
_TRACE_MODULE = "opentelemetry.trace"
_TEMPLATE = vars(logging.LogRecord("", logging.INFO, "", 0, "", None, None))
_second_shown: tuple[int, str] = (0, "1970-01-01T00:00:00")


class Entry(logging.LogRecord):
    """A record whose fields are ready: those of a call or of the audit.

    fields: its own, beside those that every line holds. call: the one it belongs to.
    """

    def __init__(self, name: str, level: int, message: str, fields: Mapping[str, Any], call: Call | None) -> None:
        # What the base class asks of the process and the thread costs more than the rest of a line and never differs.
        self.__dict__.update(_TEMPLATE)
        self.name, self.msg, self.fields, self.call = name, message, fields, call
        self.levelno, self.levelname = level, logging.getLevelName(level)
        self.created = created = time.time()
        self.msecs = created % 1 * 1000
        self.relativeCreated = _TEMPLATE["relativeCreated"] + (created - _TEMPLATE["created"]) * 1000

    def getMessage(self) -> str:  # noqa: N802  # the name is logging's
        """For handlers of other programs, which know nothing of fields."""
        fields = self.fields if self.call is None else hide_in(self.fields, credentials_of(self.call), OURS_IN_ENTRIES)
        return " ".join((str(self.msg), *(f"{name}={value}" for name, value in fields.items())))


def emit(logger: logging.Logger, level: int, message: str, fields: Mapping[str, Any], call: Call | None = None) -> None:
    """Log an entry. Cheaper than Logger.log: nobody asks which line of code it comes from."""
    if logger.isEnabledFor(level):
        logger.handle(Entry(logger.name, level, message, fields, call))


def fields_of(record: logging.LogRecord, message: str, own: Mapping[str, Any], call: Call | None) -> dict[str, Any]:
    """Everything a line holds but its exception, those fields first that every line has. call: it belongs to this."""
    fields: dict[str, Any] = {
        "timestamp": timestamp(record.created),
        "level": record.levelname,
        "logger": record.name,
        "message": cut(message, MAX_MESSAGE_CHARACTERS),
        **OF_THIS_PROCESS,
    }
    if call is not None:
        fields["request_id"] = call.request_id
        fields["method"] = call.method.path
        fields["peer"] = call.peer
        fields["principal"] = call.principal
    _name_span(fields)
    fields.update(own if fields.keys().isdisjoint(own) else _apart(own, fields))
    return fields


def call_of(record: logging.LogRecord) -> Call | None:
    """The call that a record belongs to: its own, or the one under way in this task."""
    return (record.call if isinstance(record, Entry) else None) or under_way()


def under_way() -> Call | None:
    """The call that this task works for; none for what a call has begun and left behind."""
    call = current_call.get()
    return None if call is None or call.outcome is not None else call


def timestamp(created: float) -> str:
    """RFC 3339 in UTC with milliseconds."""
    global _second_shown  # noqa: PLW0603  # strftime costs more than the rest of it, and few seconds differ
    milliseconds = int(created * 1000)
    second, rest = divmod(milliseconds, 1000)
    shown = _second_shown
    if shown[0] != second:
        shown = _second_shown = (second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)))
    return f"{shown[1]}.{rest:03d}Z"


def _name_span(fields: dict[str, Any]) -> None:
    """The span of OpenTelemetry that is open in this task, where there is one."""
    trace = sys.modules.get(_TRACE_MODULE)
    if trace is None:
        return
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        fields["trace_id"] = f"{context.trace_id:032x}"
        fields["span_id"] = f"{context.span_id:016x}"


def _apart(own: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The entry's own fields; one that is named like a field of every line but says something else is renamed."""
    differing = ((name, value) for name, value in own.items() if name not in fields or fields[name] != value)
    return {f"{name}_" if name in fields else name: value for name, value in differing}


def described(error: BaseException) -> dict[str, str]:
    """An exception: its type, its text, and where it happened, the end of which is kept when it is long."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    if len(text) > MAX_TRACEBACK_CHARACTERS:
        text = f"...{text[-MAX_TRACEBACK_CHARACTERS:]}"
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return {"type": name, "message": cut(_text_of(error), MAX_MESSAGE_CHARACTERS), "traceback": text}


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:  # noqa: BLE001  # the exception's own __str__ may do anything
        return f"<no text: {type(broken).__name__}>"
