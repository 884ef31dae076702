"""Spans below the one of a call; free where that is not sampled.

Which trace they belong to is a matter of the running context and never of the process: several servers share one.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Link, Span, Tracer, get_current_span, set_span_in_context

MOST_SPANS = 500
"""Spans below one call; a stream may live for days."""
NOWHERE = Context()
Value = bool | int | float | str
_NOT_SAMPLED: AbstractContextManager[Span] = nullcontext(INVALID_SPAN)


@dataclass(eq=False)
class Trace:
    """What is sampled of one call. left: how many spans may still be made below it."""

    tracer: Tracer
    left: int = MOST_SPANS

    def start(self, name: str, context: Context | None, attributes: dict[str, Value], **more: Any) -> Span:
        """Begin a span; the attributes become `mfn.<name>`. One beyond the most that there may be records nothing."""
        if not self.left:
            return INVALID_SPAN
        self.left -= 1
        prefixed = {f"mfn.{key}": value for key, value in attributes.items()}
        return self.tracer.start_span(name, context, attributes=prefixed, **more)


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)


@dataclass(frozen=True)
class Cause:
    """An open span, for work that is done elsewhere on its behalf."""

    trace: Trace
    span: Span

    @property
    def context(self) -> Context:
        """Where what it causes hangs."""
        return set_span_in_context(self.span, NOWHERE)


def span(name: str, **attributes: Value) -> AbstractContextManager[Span]:
    """A span below the current one for as long as the context is entered; the attributes become `mfn.<name>`.

    An exception that passes is named by its type in `error.type`. Never to be held open over a `yield`.
    """
    trace = _trace.get()
    return _below(trace, name, None, attributes) if trace is not None and trace.left else _NOT_SAMPLED


def cause() -> Cause | None:
    """The current span while it is open and sampled; None otherwise."""
    trace = _trace.get()
    if trace is None or not (current := get_current_span()).is_recording():
        return None
    return Cause(trace, current)


def caused(by: Sequence[Cause], name: str, **attributes: Value) -> AbstractContextManager[Span]:
    """As `span`, below the first cause and with links to the others, wherever the code runs.

    Without any cause the code belongs to no trace, whatever its task began with.
    """
    if not by:
        return _NOT_SAMPLED if _trace.get() is None else _in(None, INVALID_SPAN)
    links = [Link(other.span.get_span_context()) for other in by[1:]]
    return _below(by[0].trace, name, by[0].context, attributes, links=links)


def entered(tracer: Tracer, current: Span) -> AbstractContextManager[Span]:
    """Let spans hang below this one, that of a call."""
    return _in(Trace(tracer), current)


@contextmanager
def _below(
    trace: Trace, name: str, context: Context | None, attributes: dict[str, Value], **more: Any
) -> Iterator[Span]:
    made = trace.start(name, context, attributes, **more)
    try:
        with _in(trace, made):
            yield made
    except BaseException as error:
        made.set_attribute("error.type", type(error).__qualname__)
        raise
    finally:
        made.end()


@contextmanager
def _in(trace: Trace | None, current: Span) -> Iterator[Span]:
    token = _trace.set(trace)
    outer = contexts.attach(set_span_in_context(current, NOWHERE))
    try:
        yield current
    finally:
        contexts.detach(outer)
        _trace.reset(token)
