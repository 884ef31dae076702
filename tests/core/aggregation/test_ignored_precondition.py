"""Below what a rule needs, whatever the updates are: an aggregate, or one of the failures that a round expects."""

import numpy as np
import pytest

from mfn_grpc.core.aggregation import (
    AdaptiveClipping,
    AggregationFailure,
    Bucketing,
    NearestNeighborMixing,
    PreAggregator,
    Rule,
    aggregate_arrays,
    name_of,
)
from mfn_grpc.core.arrays import Array
from tests.core.aggregation.cases import ALL_RULES, STEPS, policy

CHAINS: dict[str, tuple[PreAggregator, ...]] = {
    **STEPS,
    "grouped and mixed": (Bucketing(2), NearestNeighborMixing()),
    "grouped and clipped": (Bucketing(3), AdaptiveClipping()),
}
ONES = np.ones((5, 3))
STEPPED = np.arange(5.0)[:, None] * ONES
SIGNS = np.array([1.0, -1.0, 1.0, -1.0, 1.0])[:, None]
UPDATES: dict[str, Array] = {
    "nothing": np.zeros((5, 3)),
    "equal": ONES,
    "one far": STEPPED + np.array([1e100, 0, 0, 0, 0])[:, None],
    "all far": 1e149 * SIGNS * ONES,
    "close to nothing": 5e-324 * STEPPED,
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("rule", ALL_RULES, ids=name_of)
def test_no_rule_fails_in_a_way_that_nobody_expects(rule: Rule, chain: str) -> None:
    for n in range(1, 6):
        for f in range(2 * n + 1):
            for kind, x in UPDATES.items():
                try:
                    found, _ = aggregate_arrays(x[:n], policy(rule, f, *CHAINS[chain], ignore_precondition=True))
                except AggregationFailure:
                    continue
                assert np.isfinite(found).all(), (n, f, kind)
