"""Policies and updates that several tests share."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mfn_grpc.core.aggregation import (
    PRE_AGGREGATORS,
    RULES,
    AggregationPolicy,
    Bucketing,
    PreAggregator,
    Rule,
    StaticClipping,
    aggregate_arrays,
)
from mfn_grpc.core.arrays import Array

COLUMN_OF_NINE = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
"""Three updates in a row of equal steps."""

STEPS: dict[str, tuple[PreAggregator, ...]] = {
    "alone": (),
    **{name: (step(),) for name, step in PRE_AGGREGATORS.items() if step is not StaticClipping},
    "static_clipping": (StaticClipping(2.0),),
    "all": (StaticClipping(50.0), Bucketing(2, seed=3), PRE_AGGREGATORS["nearest_neighbor_mixing"]()),
}
ALL_RULES: list[Rule] = [rule() for rule in RULES.values()]


def policy(rule: Rule, f: float, *steps: PreAggregator, **options: Any) -> AggregationPolicy:
    return AggregationPolicy(f, rule, steps, **options)


def vector(x: Any, rule: Rule, f: float, *steps: PreAggregator, **options: Any) -> Array:
    """The aggregate alone, the precondition not looked at."""
    return aggregate_arrays(x, policy(rule, f, *steps, ignore_precondition=True), **options)[0]


def normal(n: int, d: int, *, seed: int = 0, spread: float = 1.0, dtype: Any = np.float64) -> Array:
    return (spread * np.random.default_rng(seed).normal(size=(n, d))).astype(dtype)


def updates(least: int, most: int, *, whole: bool = False) -> st.SearchStrategy[Array]:
    """Updates [n, d] of few values, so that ties happen; whole: of small whole numbers, whose sums are exact."""
    values = st.integers(-4, 4).map(float) if whole else st.floats(-1e3, 1e3, width=32)
    shapes = st.tuples(st.integers(least, most), st.integers(1, 6))
    return shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=values))
