"""Tools of the checks of aggregation."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mfn_grpc.core.aggregation import (
    Aggregation,
    AggregationFailure,
    AggregationPolicy,
    PreAggregator,
    Rule,
    aggregate_arrays,
)
from mfn_grpc.core.arrays import Array


def policy(rule: Rule, *before: PreAggregator, f: float, anyway: bool = False) -> AggregationPolicy:
    """A rule behind pre-aggregators. f: a number, or a share where it is a float. anyway: precondition or not."""
    return AggregationPolicy(faulty=f, rule=rule, pre_aggregators=before, ignore_precondition=anyway)


def aggregated(
    updates: ArrayLike, chosen: AggregationPolicy, weights: Sequence[float] | None = None
) -> tuple[Array, Aggregation | None]:
    """The aggregate and its record; NaN and None where there is none, which no check takes for a number."""
    rows = np.asarray(updates, np.float64)
    rows = rows.reshape(len(rows), -1)
    try:
        return aggregate_arrays(rows, chosen, weights=weights)
    except AggregationFailure:
        return np.full(rows.shape[1], np.nan), None


def off(found: ArrayLike, known: ArrayLike) -> float:
    """The largest absolute difference."""
    return float(np.max(np.abs(np.asarray(found) - np.asarray(known))))
