"""Other libraries' aggregation rules, as their users call them, timed in their own environment.

Run by the Python of `.peers` as a program: each line it reads is a job, `{"library": ..., "rule": ...}`, each line it
writes that job's seconds of processor time and on the clock, and a digest of its result. It imports nothing of this
project.
"""

# ruff: noqa: PLC0415  # only the library that is asked for is loaded

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Job = Callable[[Vectors, int], Any]


def _flower(rule: str) -> Job:
    from flwr.server.strategy import aggregate

    def results(vectors: Vectors) -> list[tuple[list[Vectors], int]]:
        return [([vector], 1) for vector in vectors]

    def krum(vectors: Vectors, f: int) -> Any:
        return aggregate.aggregate_krum(results(vectors), f, 0)[0]

    def median(vectors: Vectors, f: int) -> Any:
        return aggregate.aggregate_median(results(vectors))[0]

    def trimmed_mean(vectors: Vectors, f: int) -> Any:
        return aggregate.aggregate_trimmed_avg(results(vectors), f / len(vectors))[0]

    return {"krum": krum, "coordinate_median": median, "trimmed_mean": trimmed_mean}[rule]


def _byzfl(rule: str) -> Job:
    import byzfl

    def krum(vectors: Vectors, f: int) -> Any:
        return byzfl.Krum(f)(vectors)

    def median(vectors: Vectors, f: int) -> Any:
        return byzfl.Median()(vectors)

    def trimmed_mean(vectors: Vectors, f: int) -> Any:
        return byzfl.TrMean(f)(vectors)

    return {"krum": krum, "coordinate_median": median, "trimmed_mean": trimmed_mean}[rule]


LIBRARIES = {"Flower": _flower, "ByzFL": _byzfl}


def vectors_of(clients: int, size: int, seed: int) -> Vectors:
    """What all contestants aggregate: float32, normal."""
    return np.random.default_rng(seed).standard_normal((clients, size), np.float32)


def main(clients: int, size: int, f: int) -> None:
    """Answer jobs until the input ends."""
    vectors = vectors_of(clients, size, seed=0)
    for line in sys.stdin:
        job = json.loads(line)
        rule = LIBRARIES[job["library"]](job["rule"])
        began, began_wall = time.process_time(), time.perf_counter()
        result = np.asarray(rule(vectors, f))
        seconds, wall = time.process_time() - began, time.perf_counter() - began_wall
        print(json.dumps({"seconds": seconds, "wall": wall, "sum": float(result.sum(dtype=np.float64))}), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
