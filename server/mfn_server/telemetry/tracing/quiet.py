"""Lines that the library would write for every batch that is lost and every header that is odd: left out.

Only those that this server causes: an application around an embedded server may use the same library.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

TALKATIVE = (
    "opentelemetry.exporter.otlp.proto.grpc.exporter",
    "opentelemetry.exporter.zipkin.json",
    "opentelemetry.trace.span",
)
_ours = threading.local()


@contextmanager
def quietly() -> Iterator[None]:
    """Nothing that the library says on this thread is written."""
    _ours.now = True
    try:
        yield
    finally:
        _ours.now = False


def _is_theirs(record: logging.LogRecord) -> bool:
    return not getattr(_ours, "now", False)


for _name in TALKATIVE:
    logging.getLogger(_name).addFilter(_is_theirs)
