"""Several threads give the bits that one gives, verdicts and all."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple

import numpy as np
import pytest

from mfn_grpc.core.aggregation import AggregationPolicy, ArraySource, Rule, Update, aggregate
from mfn_grpc.core.aggregation.hands import ALONE, Hands
from mfn_grpc.core.aggregation.measuring import _panels
from mfn_grpc.core.aggregation.rules.coordinate_median import CoordinateMedianRule
from mfn_grpc.core.aggregation.rules.krum import KrumRule
from mfn_grpc.core.aggregation.rules.mean_around_median import MeanAroundMedianRule
from mfn_grpc.core.aggregation.rules.trimmed_mean import TrimmedMeanRule
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import finish
from tests.core.aggregation.cases import normal


def result_of(x: Array, rule: Rule, hands: Hands) -> tuple[list[float], list[object]]:
    updates = [Update(f"{k:04}", ArraySource(row)) for k, row in enumerate(x)]
    out = np.empty(x.shape[1])

    def write(start: int, block: Array) -> None:
        out[start : start + len(block)] = block

    record = finish(aggregate(updates, x.shape[1], AggregationPolicy(3, rule), write=write, hands=hands))
    return out.tolist(), [astuple(verdict) for verdict in record.verdicts]


@pytest.mark.parametrize("rule", [KrumRule(), CoordinateMedianRule(), TrimmedMeanRule(), MeanAroundMedianRule()])
@pytest.mark.parametrize("n", [11, 300])
def test_an_aggregate_and_its_verdicts_do_not_depend_on_the_number_of_threads(rule: Rule, n: int) -> None:
    x = normal(n, 3_000, dtype=np.float32)
    alone = result_of(x, rule, ALONE)
    for count in (2, 3, 5):
        with ThreadPoolExecutor(count) as threads:
            assert result_of(x, rule, Hands(count, threads.map)) == alone


@pytest.mark.parametrize("rows", [5, 10, 105, 250, 255, 1000])
@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_panels_are_all_rows_once_in_whole_groups_of_five(rows: int, count: int) -> None:
    panels = _panels(rows, count)
    assert [row for first, last in panels for row in range(first, last)] == list(range(rows))
    assert all(first % 5 == 0 for first, _ in panels)
