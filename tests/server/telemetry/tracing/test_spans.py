"""Spans below a call's: where they hang, across tasks too, and that unsampled code pays nothing."""

import asyncio

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import INVALID_SPAN, Tracer, get_current_span

from mfn_server.telemetry.tracing.spans import MOST_SPANS, cause, caused, entered, span


@pytest.fixture
def ended() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(ended: InMemorySpanExporter) -> Tracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(ended))
    return provider.get_tracer("test")


def named(ended: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {each.name: each for each in ended.get_finished_spans()}


def id_of(each: ReadableSpan) -> int:
    assert each.context is not None
    found: int = each.context.span_id
    return found


def parent_of(each: ReadableSpan) -> int | None:
    return None if each.parent is None else each.parent.span_id


def test_outside_of_a_sampled_call_there_is_no_span_and_none_is_made() -> None:
    with span("inner", n=1) as made:
        assert made is INVALID_SPAN
        assert cause() is None


def test_spans_hang_below_each_other_and_name_what_passed_through(ended: InMemorySpanExporter, tracer: Tracer) -> None:
    call = tracer.start_span("call")
    with entered(tracer, call), pytest.raises(KeyError), span("outer"), span("inner", rows=3):
        raise KeyError("secret")
    found = named(ended)
    assert parent_of(found["inner"]) == id_of(found["outer"])
    assert parent_of(found["outer"]) == call.get_span_context().span_id
    assert dict(found["inner"].attributes or {}) == {"mfn.rows": 3, "error.type": "KeyError"}
    assert not get_current_span().get_span_context().is_valid


async def test_work_for_several_calls_hangs_below_the_first_and_links_to_the_others(
    ended: InMemorySpanExporter, tracer: Tracer
) -> None:
    calls = [tracer.start_span(f"call {number}") for number in range(3)]
    causes = []
    for call in calls:
        with entered(tracer, call):
            causes.append(cause())

    async def commit() -> None:
        with caused([each for each in causes if each is not None], "commit"), span("below"):
            pass

    await asyncio.create_task(commit())
    found = named(ended)
    assert parent_of(found["commit"]) == calls[0].get_span_context().span_id
    assert [link.context for link in found["commit"].links] == [call.get_span_context() for call in calls[1:]]
    assert parent_of(found["below"]) == id_of(found["commit"])


async def test_work_without_a_cause_belongs_to_no_trace_whatever_its_task_began_with(
    ended: InMemorySpanExporter, tracer: Tracer
) -> None:
    async def later() -> None:
        with caused([], "commit"), span("below"):
            assert not get_current_span().get_span_context().is_valid

    with entered(tracer, tracer.start_span("call")):
        await asyncio.create_task(later())
    assert named(ended) == {}


def test_a_span_that_has_ended_causes_nothing_more(tracer: Tracer) -> None:
    call = tracer.start_span("call")
    with entered(tracer, call):
        assert cause() is not None
        call.end()
        assert cause() is None


def test_a_call_that_lives_for_days_has_a_bounded_number_of_spans(ended: InMemorySpanExporter, tracer: Tracer) -> None:
    with entered(tracer, tracer.start_span("call")):
        for _ in range(MOST_SPANS + 10):
            with span("message"):
                pass
    assert len(ended.get_finished_spans()) == MOST_SPANS
