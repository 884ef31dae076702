"""What a round takes hangs below the call that brought it about."""

from typing import Any

import numpy as np
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mfn_server import app
from tests.server.federation.hosting import Hosting
from tests.server.federation.policies import policy
from tests.server.federation.test_rounds import joined

MODEL = np.array([1.0, 2.0, 3.0], "<f4")


class _Provider(TracerProvider):
    async def close(self) -> None:
        """As the provider of a server."""


def ancestors(span: ReadableSpan, ended: dict[int, ReadableSpan]) -> list[str]:
    """The names of what a span hangs below, itself first; spans that are still open are not among them."""
    chain: list[str] = []
    found: Any = span
    while found is not None:
        chain.append(found.name)
        found = None if found.parent is None else ended.get(found.parent.span_id)
    return chain


async def test_the_next_model_hangs_below_the_journal_and_that_below_the_call(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter, provider = InMemorySpanExporter(), _Provider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(app, "tracer_provider", lambda _: provider)
    host = await hosting(trace_sample_ratio=1)
    federation = await host.operator.federation("f", MODEL, policy(2))
    participants = await joined(federation, 2)
    for participant in participants:
        await participant.train(np.ones(3))
    for participant in participants:
        await participant.until("finished")
        assert await participant.read() is None  # the call has ended, and its span with it
    await host.running.channel.close()
    ended = {span.context.span_id: span for span in exporter.get_finished_spans() if span.context}
    (published,) = (span for span in ended.values() if span.name == "publish_model")
    assert ancestors(published, ended)[:3] == ["publish_model", "round", "journal"]
    assert ancestors(published, ended)[-1] == "mfn.v1.FederationService/Federate"
    (aggregate,) = (span for span in ended.values() if span.name == "aggregate")
    attributes = dict(aggregate.attributes or {})
    assert (attributes["mfn.rule"], attributes["mfn.round"], attributes["mfn.updates"]) == ("mean", 1, 2)
