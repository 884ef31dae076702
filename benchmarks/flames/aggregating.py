"""Aggregates the same updates again and again: what a round of a federation computes.

A program: `python -m benchmarks.flames.aggregating` prints a line once it is warm, and goes on until it is ended.
"""

from benchmarks.peers.aggregation import vectors_of
from benchmarks.subjects.rules import CLIENTS, FAULTY, policy_for
from mfn_grpc.core.aggregation import aggregate_arrays, warm_up

SIZE = 1_000_000
RULES = ("krum", "coordinate_median", "trimmed_mean")


def main() -> None:
    """One rule after the other."""
    warm_up()
    vectors = vectors_of(CLIENTS, SIZE, seed=0)
    print("warm", flush=True)
    while True:
        for rule in RULES:
            aggregate_arrays(vectors, policy_for(rule, FAULTY))


if __name__ == "__main__":
    main()
