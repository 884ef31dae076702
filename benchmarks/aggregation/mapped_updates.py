"""Aggregates updates that lie in a mapped file; prints the most RssAnon that took, in MiB.

A program of its own, so that nothing else counts: `python -m benchmarks.aggregation.mapped_updates RULE FILE CLIENTS`.
The clients' updates are one file, each read from another place in it on, so that many of them need little disk.
"""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.process import MemoryWatch
from benchmarks.subjects.rules import FAULTY_OF_FEW, policy_for
from mfn_grpc.core.aggregation import Update, aggregate
from mfn_grpc.core.pieces import finish


class Rotated:
    """A vector that begins at another place of a file and ends before it, in the type of the file."""

    def __init__(self, path: Path, first: int) -> None:
        self._mapped = np.memmap(path, np.float32, "r")
        self._first = first

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Elements start to stop."""
        size = self._mapped.size
        begin = (self._first + start) % size
        end = begin + stop - start
        if end <= size:
            return self._mapped[begin:end]
        return np.concatenate([self._mapped[begin:], self._mapped[: end - size]])


def main(rule: str, path: Path, clients: int) -> None:
    """Aggregate into another mapped file."""
    size = path.stat().st_size // 4
    updates = [Update(f"c{i:05}", Rotated(path, i * size // clients)) for i in range(clients)]
    result = np.memmap(path.with_suffix(".result"), np.float64, "w+", shape=(size,))

    def write(start: int, block: NDArray[Any]) -> None:
        result[start : start + block.size] = block

    with MemoryWatch(os.getpid()) as watch:
        finish(aggregate(updates, size, policy_for(rule, FAULTY_OF_FEW), write=write))
    print(watch.peak_mib)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
