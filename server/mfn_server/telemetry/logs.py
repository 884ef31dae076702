"""Makes every log line of the process, those of libraries too, one JSON object on standard error.

Only the programs `mfn-server` and `mfn serve` configure the logging. A server that is embedded in another program
leaves it as that program wants it.
"""

import logging
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import structlog
from structlog.types import EventDict, WrappedLogger

from mfn_server.config.settings import Settings
from mfn_server.config.telemetry import LogFormat
from mfn_server.telemetry.audit import LOGGER as AUDIT_LOGGER
from mfn_server.telemetry.handler import LineHandler, Render, lost_line
from mfn_server.telemetry.lines import line_of
from mfn_server.telemetry.own_secrets import OwnSecrets
from mfn_server.telemetry.writing import DescriptorSink, Sink, Writer

STANDARD_ERROR = 2
log = logging.getLogger(__name__)


class Logs:
    """The logging of the process, until `close` puts back what was there before."""

    def __init__(self, undo: ExitStack, handler: LineHandler) -> None:
        self._undo, self._handler = undo, handler

    @property
    def lost(self) -> int:
        """Lines that were dropped because nobody took them."""
        return self._handler.lost

    def close(self) -> None:
        """Write what waits and undo the configuration; may be called again."""
        self._undo.close()


def configure(settings: Settings, descriptor: int = STANDARD_ERROR, sink: Sink | None = None) -> Logs:
    """Have all logging written to a file descriptor, or to another sink, by level and format of the settings."""
    undo = ExitStack()
    writer = Writer(sink or DescriptorSink(descriptor), lost_line, "mfn-logs")
    handler = LineHandler(writer, _render(settings.log_format))
    undo.callback(handler.close)
    undo.callback(OwnSecrets(settings, handler.hide).forget)
    _redirect(logging.getLogger(), handler, settings.log_level.value, undo)
    audit = logging.getLogger(AUDIT_LOGGER)
    propagate, audit.propagate = audit.propagate, False
    undo.callback(setattr, audit, "propagate", propagate)
    _redirect(audit, handler, "DEBUG", undo)
    _configure_structlog(undo)
    _catch(undo)
    return Logs(undo, handler)


def _redirect(logger: logging.Logger, handler: LineHandler, level: str, undo: ExitStack) -> None:
    """The logger's lines go to this handler alone."""
    handlers, before = logger.handlers[:], logger.level
    logger.handlers[:] = [handler]
    logger.setLevel(level)

    def restore() -> None:
        logger.removeHandler(handler)
        for each in handlers:
            logger.addHandler(each)  # does nothing where somebody has added it again
        logger.setLevel(before)

    undo.callback(restore)


def _configure_structlog(undo: ExitStack) -> None:
    """Libraries that log by structlog come out the same way."""
    before = structlog.get_config() if structlog.is_configured() else None
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            _with_exception,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    undo.callback(lambda: structlog.configure(**before) if before else structlog.reset_defaults())


def _with_exception(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Loggers of structlog take an exception, a tuple or just True; the formatter takes a tuple."""
    failure = event.pop("exc_info", None)
    if isinstance(failure, BaseException):
        event["exc_info"] = (type(failure), failure, failure.__traceback__)
    elif failure:
        event["exc_info"] = failure if isinstance(failure, tuple) else sys.exc_info()
    return event


def _catch(undo: ExitStack) -> None:
    """Warnings and exceptions that nobody catches become log lines; those of tasks the event loop logs by itself."""
    logging.captureWarnings(True)
    undo.callback(logging.captureWarnings, False)
    for module, hook, catcher in (
        (sys, "excepthook", _uncaught),
        (threading, "excepthook", _uncaught_in_thread),
        (sys, "unraisablehook", _unraisable),
    ):
        undo.callback(setattr, module, hook, getattr(module, hook))
        setattr(module, hook, catcher)


def _uncaught(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        log.warning("interrupted")
    else:
        log.critical("uncaught exception", exc_info=(kind, error, traceback))


def _uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is not None and not isinstance(failure.exc_value, SystemExit):
        name = failure.thread.name if failure.thread else "that has ended"
        log.error("uncaught exception in thread %s", name, exc_info=failure.exc_value)


def _unraisable(failure: Any) -> None:
    log.error("%s %r", failure.err_msg or "exception ignored in", failure.object, exc_info=failure.exc_value)


def _render(log_format: LogFormat) -> Render:
    return line_of if log_format is LogFormat.JSON else _console()


def _console() -> Render:
    """Lines for people, coloured on a terminal."""
    renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), event_key="message", pad_event_to=0)

    def render(fields: Mapping[str, Any]) -> bytes:
        shown = {name: _printable(value) for name, value in fields.items()}
        failure = fields.get("exception")
        if failure is not None:
            shown["exception"] = "\n".join(map(_printable, failure["traceback"].split("\n")))
        return f"{renderer(None, '', shown)}\n".encode(errors="backslashreplace")

    return render


def _printable(value: Any) -> Any:
    """Texts with what would move a terminal's cursor or forge a line written out; of all else the renderer does it."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in value)
