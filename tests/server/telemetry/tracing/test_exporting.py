"""Patience with a collector: two lines in all, and an end that does not wait for what cannot be sent."""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from mfn_server.telemetry.tracing.exporting import PatientExporter


class Flaky(SpanExporter):
    """Takes batches unless it is down."""

    def __init__(self) -> None:
        self.down = True
        self.tries = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take a batch, or fail as requests does."""
        self.tries += 1
        if self.down:
            raise ConnectionError("http://user:secret@host")  # pragma: allowlist secret
        return SpanExportResult.SUCCESS


def test_an_outage_is_told_at_its_beginning_and_its_end_without_the_errors_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    flaky = Flaky()
    patient = PatientExporter(flaky)
    for _ in range(3):
        assert patient.export([]) is SpanExportResult.FAILURE
    flaky.down = False
    for _ in range(3):
        assert patient.export([]) is SpanExportResult.SUCCESS
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "secret" not in caplog.text


def test_a_server_that_leaves_tries_nothing_after_a_failure() -> None:
    flaky = Flaky()
    patient = PatientExporter(flaky)
    patient.leave()
    for _ in range(4):
        patient.export([])
    assert flaky.tries == 1


def test_a_server_loads_no_exporter_that_it_does_not_use() -> None:
    show = "import sys, mfn_server.app; print(*(name for name in sys.modules if 'opentelemetry.exporter' in name))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run([sys.executable, "-c", show], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == ""
