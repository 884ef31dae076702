"""Repeated measurements: contestants take turns, so that what disturbs the machine disturbs all of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Samples:
    """Repeated measurements of one thing."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    @property
    def worst(self) -> float:
        """The largest one."""
        return max(self.values)

    @property
    def spread(self) -> float:
        """Distance of the quartiles relative to the median: half of all measurements lie within it; 0 for one alone."""
        if len(self.values) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return (high - low) / self.median


def interleaved(contestants: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, Samples]:
    """What each contestant measured of itself, A B A B ...; a first round warms them up and is not counted."""
    measured: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repeats + 1):
        for name, contestant in contestants.items():
            measured[name].append(contestant())
    return {name: Samples(tuple(values[1:])) for name, values in measured.items()}


def ratio(ours: Samples, theirs: Samples) -> Samples:
    """Ours to theirs, turn by turn: a disturbance longer than a turn drops out."""
    return Samples(tuple(a / b for a, b in zip(ours.values, theirs.values, strict=True)))


def rate(amount: float, work: Callable[[], object]) -> float:
    """Amount per second of processor time of this thread, so that waiting for a busy processor is not counted."""
    return amount / processor_seconds(work)


def processor_seconds(work: Callable[[], object]) -> float:
    """Processor time of this thread for a piece of work."""
    began = time.thread_time()
    work()
    return time.thread_time() - began
