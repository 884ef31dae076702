"""The client's spans: every kind of call on both faces, against a real server, and nothing where nobody asks."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import grpc
import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.grpc import aio_client_interceptors
from opentelemetry.instrumentation.grpc import client_interceptor as untyped
from opentelemetry.instrumentation.grpc.grpcext import intercept_channel
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, get_current_span

from mfn_client import AsyncClient, Client
from mfn_client._tracing import traced, traced_aio
from tests.client.backend import Seen
from tests.client.federated.taking_part import federation, take_part

PATIENCE_S = 60.0
KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
LIBRARY: Any = untyped
INTERCEPT: Any = intercept_channel
AIO_LIBRARY: Any = aio_client_interceptors


class Spans(InMemorySpanExporter):
    """Tells when one has ended: a call ends on a thread of grpc's own."""

    def __init__(self) -> None:
        super().__init__()
        self._ended = threading.Condition()

    def export(self, spans: Any) -> Any:
        """Keep them."""
        with self._ended:
            result = super().export(spans)
            self._ended.notify_all()
        return result

    def one(self) -> ReadableSpan:
        """The only span of a call, once it has ended."""
        with self._ended:
            assert self._ended.wait_for(self.get_finished_spans, PATIENCE_S), "no span has ended"
        (found,) = self.get_finished_spans()
        return found


class Echo(grpc.GenericRpcHandler):
    """Gives requests back; fails at b"fail", and after b"wait" waits until the caller has left."""

    def __init__(self) -> None:
        self.parents: list[str] = []
        self.called = threading.Event()

    def service(self, handler_call_details: Any) -> Any:
        """A handler for both kinds of requests: on the wire they are the same."""
        self.parents.append(dict(handler_call_details.invocation_metadata).get("traceparent", ""))
        self.called.set()
        return grpc.stream_stream_rpc_method_handler(_echo)


def _echo(requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
    for request in requests:
        if request == b"fail":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no")
        if request == b"wait":
            gone = threading.Event()
            if context.add_callback(gone.set):
                yield request
                gone.wait(PATIENCE_S)
            return
        yield request


@pytest.fixture
def echo() -> Iterator[tuple[Echo, str]]:
    server, handler = grpc.server(ThreadPoolExecutor(4)), Echo()
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield handler, f"127.0.0.1:{port}"
    server.stop(None)


@pytest.fixture
def spans() -> Spans:
    return Spans()


@pytest.fixture
def provider(spans: Spans, monkeypatch: pytest.MonkeyPatch) -> TracerProvider:
    """The provider of the process, for one test: it can be set only once."""
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: made)
    return made


def sync_call(channel: Any, kind: str, request: bytes) -> Any:
    method = getattr(channel, kind)(f"/test.Echo/{kind}")
    answer = method(iter([request]) if kind.startswith("stream") else request, timeout=PATIENCE_S)
    return list(answer) if kind.endswith("stream") else [answer]


async def aio_call(channel: Any, kind: str, request: bytes) -> Any:
    async def requests() -> AsyncIterator[bytes]:
        yield request

    method = getattr(channel, kind)(f"/test.Echo/{kind}")
    call = method(requests() if kind.startswith("stream") else request, timeout=PATIENCE_S)
    return [answer async for answer in call] if kind.endswith("stream") else [await call]


async def aio_traced_call(target: str, kind: str, request: bytes) -> Any:
    async with grpc.aio.insecure_channel(target) as channel:
        return await aio_call(traced_aio(channel), kind, request)


def call(face: str, target: str, kind: str, request: bytes) -> Any:
    if face == "asyncio":
        return asyncio.run(aio_traced_call(target, kind, request))
    with grpc.insecure_channel(target) as channel:
        return sync_call(traced(channel), kind, request)


@pytest.mark.parametrize("face", ["sync", "asyncio"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_call_is_a_span_below_the_callers_and_the_servers_parent(
    echo: tuple[Echo, str], spans: Spans, provider: TracerProvider, kind: str, face: str
) -> None:
    outer = provider.get_tracer("application").start_span("outer")
    with trace.use_span(outer):
        assert call(face, echo[1], kind, b"x") == [b"x"]
        assert get_current_span() is outer
    found = spans.one()
    assert found.parent is not None
    assert found.context is not None
    assert found.parent.span_id == outer.get_span_context().span_id
    assert echo[0].parents[0].split("-")[2] == f"{found.context.span_id:016x}"
    assert (found.attributes or {})["rpc.grpc.status_code"] == 0
    assert found.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize("face", ["sync", "asyncio"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_call_that_fails_is_an_error_with_its_code(
    echo: tuple[Echo, str], spans: Spans, provider: TracerProvider, kind: str, face: str
) -> None:
    with pytest.raises(grpc.RpcError):
        call(face, echo[1], kind, b"fail")
    found = spans.one()
    assert (found.attributes or {})["rpc.grpc.status_code"] == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert found.status.status_code is StatusCode.ERROR


@pytest.mark.parametrize("kind", ["unary_stream", "stream_stream"])
def test_a_stream_that_is_left_is_cancelled_and_its_span_says_so(
    echo: tuple[Echo, str], spans: Spans, provider: TracerProvider, kind: str
) -> None:
    with grpc.insecure_channel(echo[1]) as channel:
        method: Any = getattr(traced(channel), kind)(f"/test.Echo/{kind}")
        answers = method(iter([b"wait"]) if kind.startswith("stream") else b"wait")
        assert next(answers) == b"wait"
        assert not get_current_span().get_span_context().is_valid  # the caller's code is no part of the call
        answers.cancel()
        assert (spans.one().attributes or {})["rpc.grpc.status_code"] == grpc.StatusCode.CANCELLED.value[0]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_asyncio_call_that_is_cancelled_ends_its_span(
    echo: tuple[Echo, str], spans: Spans, provider: TracerProvider, kind: str
) -> None:
    waiting = asyncio.create_task(aio_traced_call(echo[1], kind, b"wait"))
    assert await asyncio.to_thread(echo[0].called.wait, PATIENCE_S)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    found = await asyncio.to_thread(spans.one)
    assert (found.attributes or {})["rpc.grpc.status_code"] == grpc.StatusCode.CANCELLED.value[0]


def test_the_clients_faces_take_part_by_themselves(
    target: str, seen: Seen, spans: Spans, provider: TracerProvider
) -> None:
    with Client(target) as client:
        client.nernst(1, 1, 1)

    async def again() -> None:
        async with AsyncClient(target) as client:
            await client.nernst(1, 1, 1)

    asyncio.run(again())
    sent = [each["traceparent"].split("-")[2] for each in seen.metadata]
    assert sent == [f"{each.context.span_id:016x}" for each in spans.get_finished_spans() if each.context]
    assert len(sent) == 2


def test_a_participant_of_a_federation_takes_part_in_the_trace(spans: Spans, provider: TracerProvider) -> None:
    with federation() as (target, _):
        assert take_part(target).reason == "max_rounds"
        assert spans.one().name.endswith("Federate")


def test_without_a_provider_of_the_process_calls_carry_no_trace(target: str, seen: Seen) -> None:
    with Client(target) as client:
        client.nernst(1, 1, 1)
    assert "traceparent" not in seen.metadata[0]


def test_importing_the_client_imports_no_opentelemetry() -> None:
    asked = "import sys, mfn_client; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", asked], check=False, env={"PYTHONPATH": ":".join(sys.path)}).returncode
        == 0
    )


def test_the_librarys_stream_of_answers_still_cannot_be_cancelled(
    echo: tuple[Echo, str], provider: TracerProvider
) -> None:
    with grpc.insecure_channel(echo[1]) as channel:
        method = INTERCEPT(channel, LIBRARY(provider)).unary_stream("/test.Echo/unary_stream")
        assert not hasattr(method(b"x"), "cancel")


async def test_the_librarys_asyncio_interceptor_still_loses_the_span_of_a_call_that_is_cancelled(
    echo: tuple[Echo, str], spans: Spans, provider: TracerProvider
) -> None:
    interceptors = AIO_LIBRARY(tracer_provider=provider)
    async with grpc.aio.insecure_channel(echo[1], interceptors=interceptors) as channel:
        waiting = asyncio.create_task(aio_call(channel, "unary_unary", b"wait"))
        assert await asyncio.to_thread(echo[0].called.wait, PATIENCE_S)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
    assert spans.get_finished_spans() == ()
