"""How a metric is declared: once, so that what is served and what docs/metrics.md says of it are the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

Values = Mapping[Any, float]
"""The values of a metric by its labels, tuples of text."""


@dataclass(frozen=True)
class Label:
    """What the values of a metric are told apart by. values: all that there can be, or what they are, in words."""

    name: str
    values: tuple[str, ...] | str


@dataclass(frozen=True)
class Declared:
    """A metric: its name as it is served (of a counter with its _total), its meaning and its labels."""

    kind: ClassVar[str]
    name: str
    meaning: str
    labels: tuple[Label, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of its labels, in their order."""
        return tuple(label.name for label in self.labels)


@dataclass(frozen=True)
class CounterOf(Declared):
    """A count that only grows."""

    kind = "counter"

    def made(self, registry: CollectorRegistry) -> Counter:
        """The counter itself."""
        return Counter(self.name, self.meaning, self.label_names, registry=registry)

    def family(self, values: Values) -> Metric:
        """Its values at this moment."""
        family = CounterMetricFamily(self.name.removesuffix("_total"), self.meaning, labels=self.label_names)
        for labels, value in values.items():
            family.add_metric(labels, value)
        return family


@dataclass(frozen=True)
class GaugeOf(Declared):
    """A value that rises and falls."""

    kind = "gauge"

    def made(self, registry: CollectorRegistry) -> Gauge:
        """The gauge itself."""
        return Gauge(self.name, self.meaning, self.label_names, registry=registry)

    def family(self, values: Values) -> Metric:
        """Its values at this moment."""
        family = GaugeMetricFamily(self.name, self.meaning, labels=self.label_names)
        for labels, value in values.items():
            family.add_metric(labels, value)
        return family


@dataclass(frozen=True)
class HistogramOf(Declared):
    """How values are distributed. bounds: of its buckets, ascending, without infinity."""

    bounds: tuple[float, ...] = ()
    kind = "histogram"

    def made(self, registry: CollectorRegistry) -> Histogram:
        """The histogram itself."""
        return Histogram(self.name, self.meaning, self.label_names, buckets=self.bounds, registry=registry)

    def family(self) -> HistogramMetricFamily:
        """An empty one, to be filled."""
        return HistogramMetricFamily(self.name, self.meaning, labels=self.label_names)


@dataclass(frozen=True)
class Reading:
    """A gauge or counter that is read when somebody asks for the metrics."""

    of: GaugeOf | CounterOf
    read: Callable[[], Values]


def single(read: Callable[[], float]) -> Callable[[], Values]:
    """The reading of a metric without labels."""
    return lambda: {(): read()}
