"""Gauges of the parts of a server: read when somebody asks, so that no call pays for them."""

import asyncio
from collections.abc import Sequence

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mfn_server.telemetry.metrics.declared import GaugeOf, Reading
from mfn_server.telemetry.metrics.snapshot import Snapshot

DELAY = GaugeOf(
    "mfn_event_loop_delay_seconds",
    "How long the event loop took to answer this scrape; of one that did not, the gauges are those before it.",
)


class Readings(Collector):
    """Reads all of them on the event loop, in one turn. Made on it."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._readings = readings
        nothing = [each.of.family({}) for each in readings]
        self._snapshot = Snapshot(asyncio.get_running_loop(), self._read, nothing)

    def describe(self) -> list[Metric]:
        """All of them, without values."""
        return [*(each.of.family({}) for each in self._readings), DELAY.family({})]

    def collect(self) -> list[Metric]:
        """All of them, as they stand."""
        families = self._snapshot.read()
        return [*families, DELAY.family({(): self._snapshot.delay_s})]

    def _read(self) -> list[Metric]:
        return [each.of.family(each.read()) for each in self._readings]
