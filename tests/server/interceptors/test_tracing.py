"""The span of a call: whose child it is, what it tells, and what an unsampled call builds: nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from opentelemetry.instrumentation.grpc import aio_server_interceptor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, get_current_span

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.interceptors.tracing import Tracing
from mfn_server.rpc.call import OK, Call, Identity, Outcome
from mfn_server.rpc.methods import Method

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"  # pragma: allowlist secret
METHOD = Method("mfn.v1.SimulationService", "Simulate", server_streaming=True)


@pytest.fixture
def provider() -> TracerProvider:
    return TracerProvider(shutdown_on_exit=False)


@pytest.fixture
def ended(provider: TracerProvider) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


def call(**metadata: str | bytes) -> Call:
    nothing: Any = None
    return Call(METHOD, nothing, nothing, dict(metadata), peer="10.0.0.7", request_id="r1")


async def well(call: Call) -> None:
    call.identity = Identity("ada", frozenset(), "key-1")
    call.outcome = OK


def only(ended: InMemorySpanExporter) -> ReadableSpan:
    (found,) = ended.get_finished_spans()
    return found


async def test_the_callers_sampled_span_is_the_parent_whatever_the_ratio(
    provider: TracerProvider, ended: InMemorySpanExporter
) -> None:
    await Tracing(provider, 0)(well, call(traceparent=f"00-{TRACE}-{SPAN}-01", tracestate="them=1"))
    found = only(ended)
    assert found.parent is not None
    assert found.context is not None
    assert (f"{found.parent.trace_id:032x}", f"{found.parent.span_id:016x}") == (TRACE, SPAN)
    assert found.context.trace_state.to_header() == "them=1"
    assert found.name == "mfn.v1.SimulationService/Simulate"


async def test_a_span_tells_who_called_what_and_how_it_ended(
    provider: TracerProvider, ended: InMemorySpanExporter
) -> None:
    await Tracing(provider, 1)(well, call())
    assert dict(only(ended).attributes or {}) == {
        "rpc.system": "grpc",
        "rpc.service": "mfn.v1.SimulationService",
        "rpc.method": "Simulate",
        "rpc.grpc.status_code": 0,
        "client.address": "10.0.0.7",
        "mfn.request_id": "r1",
        "mfn.principal": "ada",
        "mfn.received_messages": 0,
        "mfn.received_bytes": 0,
        "mfn.sent_messages": 0,
        "mfn.sent_bytes": 0,
    }


REASONS = {"RATE_LIMITED": reasons.ERROR_REASON_RATE_LIMITED, "INTERNAL": reasons.ERROR_REASON_INTERNAL}


@pytest.mark.parametrize(("reason", "status"), [("RATE_LIMITED", StatusCode.UNSET), ("INTERNAL", StatusCode.ERROR)])
async def test_a_refusal_is_an_event_and_an_error_only_where_the_server_is_at_fault(
    provider: TracerProvider, ended: InMemorySpanExporter, reason: str, status: StatusCode
) -> None:
    fault = Fault(REASONS[reason], "no")

    async def refuse(call: Call) -> None:
        call.outcome = Outcome(fault.status_code, fault)

    await Tracing(provider, 1)(refuse, call())
    found = only(ended)
    (event,) = found.events
    assert (event.name, dict(event.attributes or {})) == ("refused", {"mfn.reason": reason})
    assert found.status.status_code is status


async def test_a_credential_that_came_as_the_request_id_does_not_leave_with_the_span(
    provider: TracerProvider, ended: InMemorySpanExporter
) -> None:
    key = "sesame-sesame"  # pragma: allowlist secret
    leaking = call(**{"x-api-key": key})
    leaking.request_id = f"id-{key}"
    await Tracing(provider, 1)(well, leaking)
    assert (only(ended).attributes or {})["mfn.request_id"] == "id-[masked]"


async def test_the_span_of_a_call_that_is_cancelled_ends_with_it(
    provider: TracerProvider, ended: InMemorySpanExporter
) -> None:
    async def leave(call: Call) -> None:
        call.outcome = Outcome(grpc.StatusCode.CANCELLED)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Tracing(provider, 1)(leave, call())
    assert dict(only(ended).attributes or {})["rpc.grpc.status_code"] == grpc.StatusCode.CANCELLED.value[0]


@pytest.mark.parametrize("traces", [True, False], ids=["with an exporter", "without one"])
async def test_a_callers_unsampled_trace_is_known_to_the_log_and_makes_no_span(
    provider: TracerProvider, ended: InMemorySpanExporter, traces: bool
) -> None:
    seen = []

    async def look(call: Call) -> None:
        seen.append(get_current_span().get_span_context())

    await Tracing(provider if traces else None, 1)(look, call(traceparent=f"00-{TRACE}-{SPAN}-00"))
    assert (f"{seen[0].trace_id:032x}", seen[0].trace_flags.sampled) == (TRACE, False)
    assert ended.get_finished_spans() == ()
    assert not get_current_span().get_span_context().is_valid  # nothing is left behind


MALFORMED = {
    "empty": "",
    "zero trace": f"00-{'0' * 32}-{SPAN}-01",
    "zero span": f"00-{TRACE}-{'0' * 16}-00",
    "capitals": f"00-{TRACE.upper()}-{SPAN}-00",
    "python's hexadecimal": f"00-0x{TRACE[2:]}-{SPAN}-00",
    "underscores": f"00-{TRACE[:4]}_{TRACE[5:]}-{SPAN}-00",
    "version ff": f"ff-{TRACE}-{SPAN}-01",
    "too long": f"00-{TRACE}-{SPAN}-01-what",
    "huge": "0" * 8000,
}
ODD_STATES = ["=", "a=1,a=2", "x" * 8000, ",".join(f"k{n}=1" for n in range(40))]


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_parent_counts_as_none_and_writes_no_line(
    provider: TracerProvider, ended: InMemorySpanExporter, caplog: pytest.LogCaptureFixture, header: str
) -> None:
    await Tracing(provider, 1)(well, call(traceparent=header))
    assert only(ended).parent is None
    await Tracing(provider, 0)(well, call(traceparent=header))
    assert len(ended.get_finished_spans()) == 1
    assert caplog.records == []


@pytest.mark.parametrize("state", ODD_STATES)
async def test_an_odd_state_costs_a_caller_neither_the_parent_nor_the_log_a_line(
    provider: TracerProvider, ended: InMemorySpanExporter, caplog: pytest.LogCaptureFixture, state: str
) -> None:
    await Tracing(provider, 0)(well, call(traceparent=f"00-{TRACE}-{SPAN}-01", tracestate=state))
    assert only(ended).parent is not None
    assert caplog.records == []


async def test_about_the_stated_share_of_calls_begins_a_trace(
    provider: TracerProvider, ended: InMemorySpanExporter
) -> None:
    tracing = Tracing(provider, 0.25)
    for _ in range(400):
        await tracing(well, call())
    assert 50 <= len(ended.get_finished_spans()) <= 150  # six standard deviations of the binomial around 100


@pytest.mark.filterwarnings("ignore:coroutine .*write:RuntimeWarning")  # that it is not awaited is the fault
async def test_the_librarys_own_interceptor_still_fails_on_handlers_that_write_to_their_context() -> None:
    async def write(request: bytes, context: Any) -> None:
        await context.write(request)

    handlers: dict[str, Any] = {"Echo": grpc.unary_stream_rpc_method_handler(write)}
    library: Any = aio_server_interceptor  # it ships no annotations
    server = grpc.aio.server(interceptors=[library()])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Service", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            method: Any = channel.unary_stream("/test.Service/Echo")
            with pytest.raises(grpc.aio.AioRpcError, match="requires an object with __aiter__ method, got coroutine"):
                await _drained(method(b"x"))
    finally:
        await server.stop(None)


async def _drained(answers: AsyncIterator[bytes]) -> None:
    async for _ in answers:
        pass
