"""What a soak has seen: samples of a process, a line through each quantity, and the bounds that it must keep."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np

from benchmarks.measuring.process import anonymous_mib


@dataclass(frozen=True)
class Sample:
    """A server at one moment; minutes: since the load began."""

    minutes: float
    anonymous_mib: float
    files: int
    threads: int


WARM_UP_SHARE = 0.2
"""Of the time: pools, caches and the heap reach their size."""
BOUNDS = {"anonymous_mib": 24.0, "files": 12.0, "threads": 4.0}
"""Growth allowed between the end of the warm-up and the end, by the fitted line: the noise of a heap under such a load.

A call that leaks 1 KiB would add 30 MiB or more in half an hour.
"""


def sample(pid: int, minutes: float) -> Sample:
    """What a process holds now."""
    process = Path("/proc") / str(pid)
    files, threads = (len(list((process / name).iterdir())) for name in ("fd", "task"))
    return Sample(minutes, anonymous_mib(pid), files, threads)


def growth(samples: Sequence[Sample]) -> dict[str, float]:
    """By how much the fitted line of each quantity rises from the first to the last of at least two samples."""
    minutes, *quantities = np.array([astuple(each) for each in samples], np.float64).T
    names = [field.name for field in fields(Sample)][1:]
    slopes = (np.polyfit(minutes, values, 1)[0] for values in quantities)
    return {name: float(slope * (minutes[-1] - minutes[0])) for name, slope in zip(names, slopes, strict=True)}


def report(samples: Sequence[Sample], warm_up_minutes: float) -> tuple[str, bool]:
    """A table, and whether every bound is kept."""
    counted = [each for each in samples if each.minutes >= warm_up_minutes]
    grown = growth(counted)
    lines = [f"{'':14} {'warm':>9} {'end':>9} {'highest':>9} {'growth':>9} {'bound':>9}"]
    for name, bound in BOUNDS.items():
        values = [getattr(each, name) for each in counted]
        verdict = "pass" if grown[name] <= bound else "FAIL"
        cells = " ".join(f"{value:9.1f}" for value in (values[0], values[-1], max(values), grown[name], bound))
        lines.append(f"{name:14} {cells}  {verdict}")
    return "\n".join(lines), all(grown[name] <= bound for name, bound in BOUNDS.items())
