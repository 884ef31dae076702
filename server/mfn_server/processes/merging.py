"""The metrics of several processes as those of one server. Pure: snapshots in, a snapshot out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.samples import Sample

from mfn_server.telemetry.metrics.across import RULES, Across

Key = tuple[str, tuple[tuple[str, str], ...]]
Fold = Callable[[float, float], float]
CREATED = "_created"
COUNTING = ("counter", "histogram", "summary")
FOLDS: dict[Across, Fold] = {Across.SUM: lambda one, other: one + other, Across.LARGEST: max, Across.SMALLEST: min}


@dataclass(frozen=True)
class Family:
    """One metric of one process, or of several. samples: values by the sample's name and its labels, in order."""

    name: str
    meaning: str
    kind: str
    samples: dict[Key, float]

    @property
    def counts(self) -> bool:
        """Whether it only grows, and so outlives the process that it is of."""
        return self.kind in COUNTING

    def metric(self) -> Metric:
        """As Prometheus's client serves it."""
        metric = Metric(self.name, self.meaning, self.kind)
        metric.samples = [Sample(name, dict(labels), value) for (name, labels), value in self.samples.items()]
        return metric


Snapshot = Sequence[Family]
"""All metrics of one process at one moment."""


def taken(registry: CollectorRegistry) -> list[Family]:
    """The snapshot of a registry."""
    return [
        Family(each.name, each.documentation, each.type, {_key(sample): sample.value for sample in each.samples})
        for each in registry.collect()
    ]


def written(snapshot: Snapshot) -> list[Any]:
    """A snapshot as JSON can hold it."""
    return [
        [each.name, each.meaning, each.kind, [[*key, value] for key, value in each.samples.items()]]
        for each in snapshot
    ]


def read(families: Iterable[Sequence[Any]]) -> list[Family]:
    """What `written` wrote."""
    return [
        Family(name, meaning, kind, {(sample, tuple(map(tuple, labels))): value for sample, labels, value in samples})
        for name, meaning, kind, samples in families
    ]


def merged(alive: Sequence[Snapshot], ended: Snapshot = ()) -> list[Family]:
    """One snapshot of those of processes that live, and of what those that have ended had counted."""
    found: dict[str, list[Family]] = {}
    for family in (each for snapshot in (*alive, counted(ended)) for each in snapshot):
        found.setdefault(family.name, []).append(family)
    return [_together(families) for families in found.values()]


def counted(snapshot: Snapshot) -> list[Family]:
    """What of a snapshot outlives its process."""
    return [family for family in snapshot if family.counts]


def _together(families: Sequence[Family]) -> Family:
    first = families[0]
    values: dict[Key, float] = {}
    for key, value in (each for family in families for each in family.samples.items()):
        values[key] = _fold(first, key[0])(values[key], value) if key in values else value
    return Family(first.name, first.meaning, first.kind, values)


def _fold(family: Family, sample: str) -> Fold:
    """How two values of a sample become one; a count begins when the first of its processes began to count."""
    if family.counts:
        return FOLDS[Across.SMALLEST if sample.endswith(CREATED) else Across.SUM]
    return FOLDS[RULES.get(family.name, Across.SUM)]


def _key(sample: Sample) -> Key:
    return sample.name, tuple(sample.labels.items())
