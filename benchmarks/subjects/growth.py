"""How cost grows: the power of time and memory over cells, steps, clients, parameters, streams and participants.

Each power is fitted through the least costs of a ladder of sizes; `python -m benchmarks.growth --plot` draws them.
A linear cost may show 1.05, one of pairs of clients 2.05, memory that should not grow 0.1: `ladder` says why.
"""

from collections.abc import Iterator

from benchmarks.growth.everything import climbs
from benchmarks.measuring.rows import Row


def measure(quick: bool) -> Iterator[Row]:
    """A row for each ladder."""
    for each in climbs(quick):
        yield each.row()
