"""What a piece of work costs this process: processor time, and the memory that numpy allocates meanwhile."""

import tracemalloc
from collections.abc import Callable

from benchmarks.measuring.machine import MIB
from benchmarks.measuring.timing import processor_seconds


def milliseconds(work: Callable[[], object]) -> float:
    """Processor time of this thread."""
    return 1e3 * processor_seconds(work)


def peak_mib(work: Callable[[], object]) -> float:
    """The most that Python and numpy had allocated at once, less what they had before; above 0.

    What compiled code and BLAS allocate for themselves is not seen.
    """
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = work()
        peak = tracemalloc.get_traced_memory()[1]
        del kept
    finally:
        tracemalloc.stop()
    return max(peak - before, 1) / MIB
